"""Generated: version 1 of Control and of the records on gRPC and Kafka."""
