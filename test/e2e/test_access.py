"""How a bucket is reached: by whose credentials, over TLS, through proxies."""
import http.server
import json
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

import forward
import gateway
from harness import NOW, LakeTest, weir_path
from sales import rows, sales

STATIC = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
HOST = "s3.weir.test"  # no name server knows it
SOON_SECONDS = 30  # half of what is tried again for


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


def openssl(folder, *arguments):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def make_certificates(folder):
    """good.pem and evil.pem, two authorities; the first has signed server.pem."""
    for name in ("good", "evil"):
        openssl(folder, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-nodes", "-days", "2", "-subj", f"/CN={name}", "-keyout", f"{name}.key",
                "-out", f"{name}.pem")
    openssl(folder, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-subj", f"/CN={HOST}", "-keyout", "server.key", "-out", "server.csr")
    (folder / "names").write_text(f"subjectAltName=IP:127.0.0.1,DNS:{HOST}\n")
    openssl(folder, "x509", "-req", "-in", "server.csr", "-CA", "good.pem", "-CAkey", "good.key",
            "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.pem")


class Reached(LakeTest):
    """A lake in a bucket of the class's service."""

    def bucket_lake(self, prefix):
        files = sales()
        files["lake.yaml"] += f"store: s3://{gateway.BUCKET}/{prefix}\n"
        lake = self.new_lake(files)
        lake.store = self.service.bucket() / prefix
        lake.environment.update(self.service.variables())
        lake.deliver("sales/a.csv", rows("2024-05-01,A,1"))
        return lake

    def assert_built(self, lake):
        lake.run(NOW)
        self.assertEqual(lake.value("SELECT sum(total) FROM gold.total"), "1")

    def proxied(self, lake, **variables):
        """What is asked of a proxy, without which nobody finds the service."""
        proxy = forward.ForwardProxy(self.service.port)
        self.addCleanup(proxy.stop)
        scheme = lake.environment["AWS_ENDPOINT_URL"].split(":")[0]
        lake.environment.update({f"{scheme}_proxy": proxy.url}, WEIR_S3_RETRY_FOR="1s",
                                AWS_ENDPOINT_URL=f"{scheme}://{HOST}:9000", **variables)
        return proxy.asked


@unittest.skipUnless(gateway.is_there(), "no versitygw; scripts/setup test builds it, with Go")
class AccessTest(Reached):
    @classmethod
    def setUpClass(cls):
        cls.service = gateway.Gateway()
        cls.addClassCleanup(cls.service.stop)

    def test_a_container_gives_credentials_to_weir_and_its_workers(self):
        lake = self.bucket_lake("agent")
        agent = Agent(minutes=60)
        self.addCleanup(agent.stop)
        for name in STATIC:
            del lake.environment[name]
        lake.write("token", "Bearer 7\n")
        lake.environment.update(AWS_CONTAINER_CREDENTIALS_FULL_URI=agent.url,
                                AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(lake.dir / "token"))
        self.assert_built(lake)
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

    def test_weir_and_its_workers_go_through_a_proxy(self):
        lake = self.bucket_lake("proxied")
        asked = self.proxied(lake)
        self.assert_built(lake)
        self.assertEqual({target.split("/")[2] for _, target in asked}, {f"{HOST}:9000"})
        self.assertTrue(any(method == "PUT" and ".parquet" in target for method, target in asked))

    def test_no_proxy_is_gone_through_where_none_is_to_be(self):
        lake = self.bucket_lake("direct")
        lake.environment.update(http_proxy="http://127.0.0.1:1", no_proxy="localhost,127.0.0.1",
                                WEIR_S3_RETRY_FOR="1s")
        self.assert_built(lake)

    def test_a_name_that_servers_give_to_a_header_names_no_proxy(self):
        lake = self.bucket_lake("cgi")
        lake.environment.update(HTTP_PROXY="http://127.0.0.1:1", WEIR_S3_RETRY_FOR="1s")
        self.assert_built(lake)


@unittest.skipUnless(gateway.is_there(), "no versitygw; scripts/setup test builds it, with Go")
class TlsTest(Reached):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="weir-tls-"))
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        make_certificates(cls.folder)
        cls.service = gateway.Gateway((cls.folder / "server.pem", cls.folder / "server.key"))
        cls.addClassCleanup(cls.service.stop)

    def test_an_authority_of_ones_own_is_trusted(self):
        lake = self.bucket_lake("trusted")
        lake.environment["AWS_CA_BUNDLE"] = str(self.folder / "good.pem")
        self.assert_built(lake)

    def test_a_proxy_is_passed_through_under_tls(self):
        lake = self.bucket_lake("proxied")
        asked = self.proxied(lake, AWS_CA_BUNDLE=str(self.folder / "good.pem"))
        self.assert_built(lake)
        self.assertEqual(set(asked), {("CONNECT", f"{HOST}:9000")})

    def test_another_authority_is_refused_at_once(self):
        lake = self.bucket_lake("refused")
        for bundle, message in (("evil.pem", "is not trusted"), (None, "is not trusted"),
                                ("none.pem", "cannot use the certificates in")):
            with self.subTest(bundle=bundle):
                if bundle:
                    lake.environment["AWS_CA_BUNDLE"] = str(self.folder / bundle)
                else:
                    del lake.environment["AWS_CA_BUNDLE"]
                start = time.monotonic()
                told = lake.call("run")
                self.assertLess(time.monotonic() - start, SOON_SECONDS)
                self.assertEqual(told.code, 1, told)
                self.assertIn(message, told.err)
                self.assertIn("AWS_CA_BUNDLE", told.err)

    def test_a_worker_trusts_nobody_else_either(self):
        lake = self.bucket_lake("worker")
        lake.write("worker", f"#!/bin/sh\nsed -u 's/good[.]pem/evil.pem/' | "
                             f"'{Path(weir_path()).parent}/weir-duckdb'\n").chmod(0o755)
        lake.environment.update(AWS_CA_BUNDLE=str(self.folder / "good.pem"),
                                WEIR_WORKER=f"{lake.dir}/worker")
        told = lake.call("run", "--now", NOW)
        self.assertEqual(told.code, 1, told)
        self.assertIn("SSL peer certificate", told.out)
        self.assertEqual([p for p in lake.store.rglob("*.parquet")], [])


if __name__ == "__main__":
    unittest.main()
