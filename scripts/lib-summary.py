"""Counts what tests did, from the records of `swift test --event-stream-output-path`, one file a run.

Prints the names of those that failed or were skipped, then one line of counts. Ends with 1 if one failed, or was skipped although nothing
else runs it: a reason that names scripts/vm-tests is one where the emulated machine does.
"""

import json
import sys

names, passed, failed, skipped = {}, set(), {}, {}
for path in sys.argv[1:]:
    for line in open(path, encoding="utf-8"):
        record = json.loads(line)
        payload = record["payload"]
        if record["kind"] == "test":
            # Suites are listed as well; what counts is what runs.
            names[payload["id"]] = (payload["kind"], payload.get("displayName") or payload["name"])
            continue
        test = payload.get("testID")
        if test is None or names.get(test, ("function",))[0] != "function":
            continue
        kind = payload["kind"]
        text = " ".join(message["text"] for message in payload.get("messages", []))
        if kind == "issueRecorded" and not payload.get("issue", {}).get("isKnown"):
            if payload.get("issue", {}).get("severity", "error") == "error":
                failed.setdefault(test, text)
        elif kind == "testSkipped":
            skipped[test] = text
        elif kind == "testEnded":
            passed.add(test)
passed -= failed.keys() | skipped.keys()


def name(test):
    return f"{test.split('/')[0].split('.')[0]}: {names.get(test, ('', test))[1]}"


for test, text in failed.items():
    print(f"failed   {name(test)}: {text.splitlines()[0] if text else ''}")
unexplained = 0
for test, text in skipped.items():
    print(f"skipped  {name(test)}: {text}")
    unexplained += "scripts/vm-tests" not in text
total = len(passed) + len(failed) + len(skipped)
print(f"{total} tests: {len(passed)} passed, {len(failed)} failed, {len(skipped)} skipped")
if total == 0:
    print("no test ran")
if unexplained:
    print(f"{unexplained} skipped without being run elsewhere: that counts as failure")
sys.exit(1 if failed or unexplained or total == 0 else 0)
