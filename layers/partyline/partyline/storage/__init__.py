"""DynamoDB: the keys, the items and the transactions. docs/table.md lists them."""
