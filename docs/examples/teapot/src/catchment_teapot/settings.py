"""What an administrator must enter; ``catchment init`` writes the descriptions above each."""

from pydantic import Field

from catchment.adapters import SourceSettings
from catchment.secrets import Secret


class TeapotSettings(SourceSettings):
    """One account of Teapot."""

    url: str = Field(description="Where the account is: https://office.teapot.example")
    api_key: Secret = Field(description="The account's key, by reference.")
