"""How a bucket is reached: by whose credentials, over TLS, through proxies."""
import http.server
import json
import threading
import time
import unittest

import gateway
from harness import NOW, LakeTest
from sales import rows, sales

STATIC = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


class Agent:
    """A container's credentials service: hands out the gateway's own, for minutes at a time."""

    def __init__(self, minutes):
        self.asked = []
        agent = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                agent.asked.append((self.path, self.headers.get("Authorization")))
                end = time.gmtime(time.time() + 60 * minutes)
                body = json.dumps({"AccessKeyId": gateway.ACCESS_KEY,
                                   "SecretAccessKey": gateway.SECRET_KEY,
                                   "Expiration": time.strftime("%Y-%m-%dT%H:%M:%SZ", end)})
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/role"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


@unittest.skipUnless(gateway.is_there(), "no versitygw; scripts/setup test builds it, with Go")
class AccessTest(LakeTest):
    @classmethod
    def setUpClass(cls):
        cls.service = gateway.Gateway()
        cls.addClassCleanup(cls.service.stop)

    def bucket_lake(self, prefix):
        files = sales()
        files["lake.yaml"] += f"store: s3://{gateway.BUCKET}/{prefix}\n"
        lake = self.new_lake(files)
        lake.store = self.service.bucket() / prefix
        lake.environment.update(self.service.variables())
        lake.deliver("sales/a.csv", rows("2024-05-01,A,1"))
        return lake

    def test_a_container_gives_credentials_to_weir_and_its_workers(self):
        lake = self.bucket_lake("agent")
        agent = Agent(minutes=60)
        self.addCleanup(agent.stop)
        for name in STATIC:
            del lake.environment[name]
        lake.write("token", "Bearer 7\n")
        lake.environment.update(AWS_CONTAINER_CREDENTIALS_FULL_URI=agent.url,
                                AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(lake.dir / "token"))
        lake.run(NOW)
        self.assertEqual(lake.value("SELECT sum(total) FROM gold.total"), "1")
        self.assertEqual(set(agent.asked), {("/role", "Bearer 7")})

    def test_what_a_profile_asks_for_in_vain_is_told(self):
        lake = self.bucket_lake("sso")
        for name in STATIC:
            del lake.environment[name]
        lake.write("aws", "[profile corp]\nsso_session = corp\n")
        lake.environment.update(AWS_PROFILE="corp", AWS_CONFIG_FILE=str(lake.dir / "aws"))
        told = lake.call("run")
        self.assertEqual(told.code, 1)
        self.assertIn('profile "corp" signs in through SSO, which Weir does not do', told.err)
        self.assertIn("aws configure export-credentials --profile corp", told.err)


if __name__ == "__main__":
    unittest.main()
