// SPDX-License-Identifier: MIT
// java Fetch url|http URL OUT PROXYHOST:PORT CA [FILE]: Java's two clients,
// HttpURLConnection and java.net.http, neither of which is told a login. With
// FILE, its bytes are posted.
import java.io.ByteArrayInputStream;
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
import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

public class Fetch {
    static SSLContext trusting(String file) throws Exception {
        KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
        store.load(null);
        byte[] pem = Files.readAllBytes(Path.of(file));
        store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509")
            .generateCertificate(new ByteArrayInputStream(pem)));
        TrustManagerFactory factory = TrustManagerFactory.getInstance(
            TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, factory.getTrustManagers(), null);
        return context;
    }

    static void save(int status, InputStream in, String out) throws Exception {
        if (status != 200) {
            System.err.println("status " + status);
            System.exit(1);
        }
        Files.copy(in, Path.of(out));
    }

    public static void main(String[] args) throws Exception {
        URI uri = URI.create(args[1]);
        int colon = args[3].lastIndexOf(':');
        String host = args[3].substring(0, colon);
        int port = Integer.parseInt(args[3].substring(colon + 1));
        Path body = args.length > 5 ? Path.of(args[5]) : null;
        if (args[0].equals("url")) {
            HttpURLConnection c = (HttpURLConnection) uri.toURL()
                .openConnection(new Proxy(Proxy.Type.HTTP,
                                          new InetSocketAddress(host, port)));
            if (c instanceof HttpsURLConnection)
                ((HttpsURLConnection) c).setSSLSocketFactory(
                    trusting(args[4]).getSocketFactory());
            if (body != null) {
                c.setDoOutput(true);
                c.setFixedLengthStreamingMode(Files.size(body));
                try (var out = c.getOutputStream()) {
                    Files.copy(body, out);
                }
            }
            save(c.getResponseCode(), c.getInputStream(), args[2]);
            return;
        }
        HttpClient client = HttpClient.newBuilder()
            .proxy(ProxySelector.of(InetSocketAddress.createUnresolved(
                host, port)))
            .sslContext(trusting(args[4])).build();
        HttpRequest.Builder request = HttpRequest.newBuilder(uri);
        if (body != null)
            request.POST(HttpRequest.BodyPublishers.ofFile(body));
        HttpResponse<InputStream> answer = client.send(
            request.build(), HttpResponse.BodyHandlers.ofInputStream());
        save(answer.statusCode(), answer.body(), args[2]);
    }
}
