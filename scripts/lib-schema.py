"""Says for each line of JSON on standard input whether the schema that is the first argument takes it: a line `true` or `false`."""

import json
import sys

from jsonschema import Draft7Validator

with open(sys.argv[1], encoding="utf-8") as file:
    schema = json.load(file)
Draft7Validator.check_schema(schema)
validator = Draft7Validator(schema)
for line in sys.stdin:
    print("true" if validator.is_valid(json.loads(line)) else "false")
