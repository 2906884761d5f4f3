"""The read side: what the ledger's figures mean. Pure arithmetic; reads and stores nothing."""
