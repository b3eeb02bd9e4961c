"""`make capacity`: what a text uses of AWS, counted, and at how many texts a second each part of the stack is full.

    python -m tests.support.capacity [NAME=VALUE ...] [--write]

A name is a parameter of the template (`CallbackConcurrency=200`) or an assumption (`carrier_seconds=0.5`). With
`--write` the counted parts of the documentation are written anew, for the defaults.

The functions run as they are, on moto. Between them and it everything is counted that they ask of the table and of the
queues (`meter`), in DynamoDB's units (`units`). The rest is arithmetic, with the template's own numbers (`limits`).
"""
