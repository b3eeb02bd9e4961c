"""What the functions need of a processor and of memory, beside what one would write instead: `make bench`.

`scenes` prepares what a call finds. `stand_in` answers for AWS, in a process of its own. `program` runs a function or
a floor, each in a process of its own. `measures` has two of them called in turns, `cold_starts` has them started in
turns, and `report` builds the table.
"""
