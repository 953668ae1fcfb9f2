// SPDX-License-Identifier: MIT
// java Fetch url|http URL OUT PROXYHOST:PORT CA [post FILE | times N | at-once N]
// Java's two clients, HttpURLConnection and java.net.http, neither of which is
// told a login. FILE's bytes are posted; N times fetches one after the other,
// N at once each in a thread of its own. OUT gets all answers.
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

public class Fetch {
    interface Client {
        byte[] ask(Path body) throws Exception;
    }

    static SSLContext trusting(String file) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        byte[] pem = Files.readAllBytes(Path.of(file));
        store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509")
            .generateCertificate(new java.io.ByteArrayInputStream(pem)));
        TrustManagerFactory factory = TrustManagerFactory.getInstance(
            TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, factory.getTrustManagers(), null);
        return context;
    }

    static byte[] good(int status, InputStream in) throws Exception {
        if (status != 200)
            throw new Exception("status " + status);
        try (in) {
            return in.readAllBytes();
        }
    }

    static Client byUrl(URI uri, InetSocketAddress proxy, SSLContext context) {
        // one for all: kept connections belong to their factory
        SSLSocketFactory factory = context.getSocketFactory();
        return body -> {
            HttpURLConnection c = (HttpURLConnection) uri.toURL()
                .openConnection(new Proxy(Proxy.Type.HTTP, proxy));
            if (c instanceof HttpsURLConnection)
                ((HttpsURLConnection) c).setSSLSocketFactory(factory);
            if (body != null) {
                c.setDoOutput(true);
                c.setFixedLengthStreamingMode(Files.size(body));
                try (var out = c.getOutputStream()) {
                    Files.copy(body, out);
                }
            }
            return good(c.getResponseCode(), c.getInputStream());
        };
    }

    static Client byHttp(URI uri, InetSocketAddress proxy, SSLContext context) {
        HttpClient client = HttpClient.newBuilder()
            .proxy(ProxySelector.of(proxy)).sslContext(context).build();
        return body -> {
            HttpRequest.Builder request = HttpRequest.newBuilder(uri);
            if (body != null)
                request.POST(HttpRequest.BodyPublishers.ofFile(body));
            HttpResponse<InputStream> answer = client.send(
                request.build(), HttpResponse.BodyHandlers.ofInputStream());
            return good(answer.statusCode(), answer.body());
        };
    }

    static void atOnce(Client client, int n, ByteArrayOutputStream all)
            throws Exception {
        var threads = Executors.newFixedThreadPool(n, task -> {
            Thread thread = new Thread(task);
            thread.setDaemon(true); // one that fails ends them all
            return thread;
        });
        var together = new CountDownLatch(n);
        var asked = new java.util.ArrayList<Future<byte[]>>();
        for (int i = 0; i < n; i++)
            asked.add(threads.submit(() -> {
                together.countDown();
                together.await();
                return client.ask(null);
            }));
        threads.shutdown();
        for (Future<byte[]> one : asked)
            all.write(one.get());
    }

    public static void main(String[] args) throws Exception {
        URI uri = URI.create(args[1]);
        int colon = args[3].lastIndexOf(':');
        String host = args[3].substring(0, colon);
        int port = Integer.parseInt(args[3].substring(colon + 1));
        SSLContext context = trusting(args[4]);
        Client client = args[0].equals("url")
            ? byUrl(uri, new InetSocketAddress(host, port), context)
            : byHttp(uri, InetSocketAddress.createUnresolved(host, port),
                     context);
        String what = args.length > 6 ? args[5] : "times";
        String more = args.length > 6 ? args[6] : "1";
        var all = new ByteArrayOutputStream();
        if (what.equals("post"))
            all.write(client.ask(Path.of(more)));
        else if (what.equals("at-once"))
            atOnce(client, Integer.parseInt(more), all);
        else
            for (int i = 0; i < Integer.parseInt(more); i++)
                all.write(client.ask(null));
        Files.write(Path.of(args[2]), all.toByteArray());
    }
}
