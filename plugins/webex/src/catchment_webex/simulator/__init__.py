"""What every simulated Webex product is built from: the platform beneath them.

The simulators of Webex Meetings and Webex Calling compose these pieces, and add their own
operations, switches and hosts.  They are written from Webex's documented and observed behaviour;
numbers in brackets throughout are sections of the fact sheet on the common platform.

=============  ===============================================================================
module         what it holds
=============  ===============================================================================
switches       the switchboard that products extend
simulator      the base class of the products' simulators
tenant         the organisation as it stands, and one call of its API
account        its people, their roles and sites (2, 3.5, 10)
ids, times     identifiers (2) and instants (4.1)
oauth          tokens: the endpoint, its refusals, whom each stands for (3)
operations     paths with their scopes and roles, at each level (3.5)
limits         the budget of calls (7)
pages          the ``Link`` header (5)
api            a host of the API as an ASGI application (1, 6)
api_people     ``/people``, ``/meetingPreferences/sites``, ``/authorizations/tokenExpiry`` (10)
registrations  webhooks as they are registered (9.1, 9.2)
webhooks       their sender (9.3 to 9.5)
trouble        the fault layer in Webex's words (6, 7)
=============  ===============================================================================

A product's simulator is put together like this::

    class Tenant_(Tenant[MySwitches]): ...      # what the product holds
    registrations = Registrations(tenant, RESOURCES)
    host = ApiHost(
        tenant,
        Routes((*MINE, *api_people.OPERATIONS, *registrations_module.OPERATIONS)),
        {**my_handlers, **build_people(tenant), **registrations.handlers()},
    )
    hosts = {"api": spoil_api(host)}
"""

from catchment_webex.simulator.simulator import WebexSimulator
from catchment_webex.simulator.switches import CommonSwitches
from catchment_webex.simulator.tenant import Call, Tenant

__all__ = ["Call", "CommonSwitches", "Tenant", "WebexSimulator"]
