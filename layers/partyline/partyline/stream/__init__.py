"""What follows a change of the table, read off its stream."""
