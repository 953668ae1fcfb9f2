/* SPDX-License-Identifier: MIT */
import java.io.InputStream;
import java.net.*;

/** Fetch URL: the proxy is that of -Dhttp.proxyHost. */
public class Fetch {
    public static void main(String[] args) throws Exception {
        /* the program's own settings */
        try (InputStream in = new URL(args[0]).openStream()) {
            in.readAllBytes();
        }
    }
}
