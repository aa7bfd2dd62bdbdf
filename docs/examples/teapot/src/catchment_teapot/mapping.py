"""Teapot's words to ours.  Pure: no I/O and no clock."""

from catchment import model
from catchment.payloads import read_whole
from catchment.transport import Answer
from catchment_teapot.payloads import Call, Listing


def map_page(answer: Answer, span: model.Span) -> model.Page:
    """A page of the listing."""
    told = read_whole(Listing, answer.json(), "Teapot")
    return model.Page(tuple(map(map_sighting, told.calls)), cursor=told.next, last=not told.next)


def map_sighting(row: model.Json) -> model.Sighting:
    """A call that Teapot offers."""
    call = read_whole(Call, row, "Teapot")
    return model.Sighting(
        external_id=call.id,
        occurred_at=call.started,
        keys=(model.Key("call", call.id),),
        revision=call.changed,
        offered="ready" if call.audio else "not_yet",
        document=row,
    )


def map_file(row: model.Json) -> model.MediaFile:
    """The one file of a call, whether it is there already or not."""
    call = read_whole(Call, row, "Teapot")
    if not call.audio:
        return model.MediaFile("audio", "audio", "wav", "not_yet", "Teapot is still brewing it")
    way = model.Way(call.audio, auth=False)
    return model.MediaFile("audio", "audio", "wav", ways=(way,), sha256=call.sha256)


def map_call(bundle: model.Bundle) -> model.InteractionDraft:
    """The call, which has one agent and so one contact."""
    call = read_whole(Call, bundle.recordings[0].documents["listing"], "Teapot")
    return model.InteractionDraft(
        kind="call",
        external_id=call.id,
        started_at=call.started,
        ended_at=call.ended,
        parties=(model.Party(call.agent, "agent", model.Ref("agent", call.agent)),),
        contacts=(model.Contact(call.id, call.agent, call.started, call.ended),),
    )
