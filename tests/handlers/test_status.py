import json


async def test_status_says_what_this_server_offers(jp_fetch):
    answer = await jp_fetch("nexus", "api", "status")
    body = json.loads(answer.body)
    assert body["version"]
    assert {t["name"] for t in body["tiers"]} >= {"bwrap"}
    assert body["model_connected"] is False
