# SPDX-License-Identifier: MIT
"""caller.module of real clients: the object whose code made the call."""
import shutil

from tap import Skip

GET = """import urllib.request
try:
    urllib.request.urlopen("http://auth407.test/").read()
except OSError:
    pass
"""
PERL = """use IO::Socket::INET;
my $s = IO::Socket::INET->new("127.0.0.1:$ARGV[0]") or die;
print $s "GET http://auth407.test/ HTTP/1.0\\r\\n\\r\\n";
$s->flush; 1 while <$s>;
"""
NODE = """require("http").get({host: "127.0.0.1", port: process.argv[1],
    path: "http://auth407.test/"}, r => r.resume());"""
PHP = """@file_get_contents("http://auth407.test/", false,
    stream_context_create(["http" => ["proxy" => "tcp://127.0.0.1:$argv[1]",
    "request_fulluri" => true]]));"""
JAVA = """import java.net.*;
import java.net.http.*;
public class Get {
    public static void main(String[] a) throws Exception {
        var proxy = new InetSocketAddress("127.0.0.1",
                                          Integer.parseInt(a[1]));
        if (a[0].equals("old"))
            ((HttpURLConnection) new URL("http://auth407.test/")
                .openConnection(new Proxy(Proxy.Type.HTTP, proxy)))
                .getResponseCode();
        else
            HttpClient.newBuilder().proxy(ProxySelector.of(proxy)).build()
                .send(HttpRequest.newBuilder(
                          URI.create("http://auth407.test/")).build(),
                      HttpResponse.BodyHandlers.ofString());
    }
}
"""
ENV = {"http_proxy": "http://127.0.0.1:{port}"}

# words; module, or the beginning of its name before a "*"; the environment
CLIENTS = {
    "curl": (["curl", "-s", "{url}"], "libcurl.so.4", ENV),
    "git": (["git", "ls-remote", "{url}x"], "libcurl-gnutls.so.4", ENV),
    "wget": (["wget", "-qO-", "-t1", "{url}"], "wget", ENV),
    "busybox": (["busybox", "wget", "-qO-", "{url}"], "busybox", ENV),
    "python": (["/usr/bin/python3", "-c", GET], "python3*", ENV),
    "ruby": (["ruby", "-rnet/http", "-e", "Net::HTTP.get(URI('{url}'))"],
             "ruby*", ENV),
    "perl": (["perl", "-e", PERL, "{port}"], "perl", {}),
    "node": (["node", "-e", NODE, "{port}"], "node", {}),
    "php": (["php", "-r", PHP, "--", "{port}"], "php*", {}),
    "nc": (["nc", "-X", "connect", "-x", "127.0.0.1:{port}", "-w1",
            "auth407.test", "80"], "nc*", {}),
    "ncat": (["ncat", "--proxy", "127.0.0.1:{port}", "--proxy-type", "http",
              "auth407.test", "80"], "ncat", {}),
    "socat": (["socat", "-", "PROXY:127.0.0.1:auth407.test:80,"
               "proxyport={port}"], "socat", {}),
    "openssl": (["openssl", "s_client", "-proxy", "127.0.0.1:{port}",
                 "-connect", "auth407.test:443"], "libcrypto.so.3", {}),
    "java, HttpURLConnection": (["java", "{java}", "old", "{port}"],
                                "libn*", {}),  # libnet.so before Java 13
    "java, HttpClient": (["java", "{java}", "new", "{port}"], "libnio.so", {}),
}


def fits(module, wanted):
    """Debian's node has its loop in a library of its own."""
    return (module == wanted or
            (wanted.endswith("*") and module.startswith(wanted[:-1])) or
            (wanted == "node" and module == "libuv.so.1"))


def one(name):
    words, wanted, env = CLIENTS[name]

    def test(lab):
        if not shutil.which(words[0]):
            raise Skip(f"no {words[0]} here")
        java = lab.folder() / "Get.java"
        java.write_text(JAVA)
        records = lab.run([w.replace("{java}", str(java)) for w in words],
                          **{k: v.replace("{port}", str(lab.port))
                             for k, v in env.items()})
        if not records:
            yield "no record"
        for r in records:
            module = r.get("caller", {}).get("module", "")
            if not fits(module, wanted):
                yield f"{module!r}, not {wanted}"
    test.__doc__ = f"{name}: the call is {wanted}'s"
    return test


TESTS = [one(name) for name in CLIENTS]
