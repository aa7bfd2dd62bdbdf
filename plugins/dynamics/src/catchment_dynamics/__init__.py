"""Microsoft Dynamics 365 for Catchment: the adapter, and the simulated platform beside it."""
