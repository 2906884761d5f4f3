"""The log kept in PostgreSQL: appended to, read and shared out like a Kafka topic."""
