"""What is known, in one database: ledger, interactions, directory, jobs and search.

Every function takes a connection, so that the caller decides what belongs to one transaction, or
the database, where the function is one by itself.
"""
