"""A ledger behind TLS: what libpq is told of it, in the location or by variables, counts."""
import subprocess
import tempfile
from pathlib import Path

from cluster import Cluster
from gateway import free_port
from harness import LAKE_YAML, NOW, LakeTest, remove_tree
from sales import rows, sales


def openssl(*words, cwd):
    subprocess.run(["openssl", *words], cwd=cwd, check=True, capture_output=True)


def authority(top, name):
    """A certificate that signs others; its file."""
    openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-keyout", f"{name}.key", "-out", f"{name}.pem", "-subj", f"/CN={name}", "-days", "2",
            cwd=top)
    return top / f"{name}.pem"


def certificate(top, signer, host):
    """A server's, for that host name: files as a cluster takes them."""
    openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
            "server.key", "-out", "server.csr", "-subj", f"/CN={host}", cwd=top)
    (top / "names").write_text(f"subjectAltName=DNS:{host}\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", f"{signer}.pem", "-CAkey", f"{signer}.key",
            "-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "server.crt", cwd=top)
    return {name: (top / name).read_bytes() for name in ("server.crt", "server.key")}


class TlsTest(LakeTest):
    files = sales()
    rank = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.top = Path(tempfile.mkdtemp(prefix="weir-tls-"))
        cls.addClassCleanup(remove_tree, cls.top)
        cls.right, cls.wrong = (authority(cls.top, name) for name in ("right", "wrong"))
        cls.server = Cluster(port=free_port(), files=certificate(cls.top, "right", "localhost"),
                             settings={"ssl": "on", "log_connections": "on",
                                       "log_min_messages": "log"})
        cls.addClassCleanup(cls.server.close)

    def use(self, host="localhost", **parameters):
        """A location with these parameters, and a schema of the test's own."""
        words = "".join(f"&{key}={value}" for key, value in parameters.items())
        uri = (f"postgresql://weir@{host}:{self.server.port}/postgres"
               f"?schema={self._testMethodName[:60]}{words}")
        self.lake.write("lake.yaml", LAKE_YAML + f"ledger: {uri}\n")

    def assert_works_over_tls(self):
        log = self.server.top / "log"
        before = log.stat().st_size
        self.lake.deliver("sales/a.csv", rows("2024-05-01,A,1"))
        self.assertEqual(self.lake.run(NOW)["partitions"]["built"], 2)
        lines = [line for line in log.read_bytes()[before:].decode().splitlines()
                 if "connection authorized" in line and "application_name=weir" in line]
        self.assertTrue(lines)
        self.assertEqual([line for line in lines if "SSL enabled" not in line], [])

    def assert_refused(self, *words, **environment):
        refused = self.lake.weir("run", "-o", "json", expect=1, env=environment)
        self.assert_error(refused, "sslrootcert", *words)

    def test_a_certificate_of_the_right_authority_is_taken(self):
        self.use(sslmode="verify-full", sslrootcert=self.right)
        self.assert_works_over_tls()

    def test_variables_of_libpq_count(self):
        self.use()
        self.lake.environment.update(PGSSLMODE="verify-full", PGSSLROOTCERT=str(self.right))
        self.assert_works_over_tls()

    def test_a_certificate_of_another_authority_is_refused(self):
        self.use(sslmode="verify-full", sslrootcert=self.wrong)
        self.assert_refused("certificate verify failed")

    def test_variables_of_libpq_refuse_as_well(self):
        self.use()
        self.assert_refused("certificate verify failed", PGSSLMODE="verify-ca",
                            PGSSLROOTCERT=str(self.wrong))

    def test_a_certificate_for_another_name_is_refused(self):
        self.use(host="127.0.0.1", sslmode="verify-full", sslrootcert=self.right)
        self.assert_refused("127.0.0.1", "localhost")

    def test_a_file_of_certificates_that_is_not_there_is_named(self):
        self.use(sslmode="verify-full", sslrootcert=self.top / "nowhere.pem")
        self.assert_refused("nowhere.pem")
