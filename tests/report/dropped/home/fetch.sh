#!/bin/sh
# SPDX-License-Identifier: MIT
# fetch.sh [STEP ...]: gets all that the build needs, or some of it.
# From outside: HTTP and HTTPS, the servers; PROXY, host:port of the proxy.
cd "$HOME" || exit 1
server=${HTTP#http://}

# These take the proxy, and its login, from the environment.
with_curl() {
    curl -fsS -o curl.1 "$HTTP/bytes/9/curl"
    curl -fsS -o curl.2 "$HTTPS/bytes/9/curl"
}
with_asked() { # as before, but the login waits until the proxy asks for it
    curl -fsS --proxy-anyauth -o asked "$HTTPS/bytes/9/asked"
}
with_plain() {
    /usr/bin/python3 plain.py "$HTTP/bytes/9/plain"
}

# These have the proxy in files: .wgetrc, .gitconfig, pip.conf.
with_wget() {
    wget -nv -t 1 -O wget.1 "$HTTP/bytes/9/wget"
    wget -nv -t 1 -O wget.2 "$HTTPS/bytes/9/wget"
}
with_git() {
    rm -rf repo && git clone -q "$HTTPS/git/repo.git" repo
}
with_pip() {
    pip --disable-pip-version-check download -q --retries 0 --no-cache-dir \
        --no-deps -d wheels "$HTTPS/wheels/thing-1-py3-none-any.whl"
}

# These are told the proxy in the program, or on the command line.
with_urllib() {
    /usr/bin/python3 own_urllib.py "$HTTPS/bytes/9/urllib"
}
with_requests() {
    /usr/bin/python3 own_requests.py "$HTTP/bytes/9/requests"
}
with_java() {
    java @java.options -cp . Fetch "$HTTP/bytes/9/java"
    java @java.options -cp . Fetch "$HTTPS/bytes/9/java"
}
with_nc() {
    printf 'GET /bytes/9/nc HTTP/1.0\r\n\r\n' |
        nc -X connect -x "$PROXY" -w 9 "${server%:*}" "${server#*:}"
}

failed=
[ $# -gt 0 ] ||
    set -- curl asked plain wget git pip urllib requests java nc
for step in "$@"; do
    "with_$step" || failed="$failed $step"
done
[ -z "$failed" ] || { echo "fetch.sh: failed:$failed" >&2; exit 1; }
