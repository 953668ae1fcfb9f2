/* SPDX-License-Identifier: MIT */
/*
 * Whole command lines. A secret is hidden however the program is started: by
 * itself, behind another program, and as one word for a shell. What holds no
 * secret is shown as it is, likewise.
 */
#include "core/record/redact.h"
#include "unit.h"

#include <stdio.h>

#define S     "S3CR3T"
#define WORDS 32

/* Cuts a line into words as a shell does, in place. */
static size_t cut(char *line, const char **words)
{
    size_t n = 0;
    while (n < WORDS) {
        char quote = '\0', *to;
        line += strspn(line, " ");
        if (!*line)
            break;
        words[n++] = to = line;
        for (; *line && (quote || *line != ' '); line++) {
            if (*line == quote)
                quote = '\0';
            else if (!quote && (*line == '\'' || *line == '"'))
                quote = *line;
            else if (*line == '\\' && line[1] && quote != '\'')
                *to++ = *++line;
            else
                *to++ = *line;
        }
        line += *line != '\0';
        *to = '\0';
    }
    return n;
}

/* Appends the words as a log shows them, one a line. */
static void show(const char *const *words, size_t n, char *out)
{
    uint64_t programs = 0;
    char shown[256], *prev = NULL;
    for (size_t i = 0; i < n; i++) {
        char *word = exact(words[i], strlen(words[i]) + 1);
        a407_redact_next(&programs, prev, word, shown, sizeof shown);
        free(prev);
        prev = word;
        out += sprintf(out, "%s\n", shown);
    }
    free(prev);
}

static void show_line(const char *before, const char *line, char *out)
{
    const char *words[WORDS];
    char text[1024];
    snprintf(text, sizeof text, "%s%s", before, line);
    show(words, cut(text, words), out);
}

static void show_shell(const char *line, char *out)
{
    const char *const words[] = {"sh", "-c", line};
    show(words, 3, out);
}

static const char *const secret[] = {
    /* short options that are something else in most programs */
    "az login -u u -p " S,
    "az login --service-principal -u u -p" S,
    "oc login -u u -p " S " https://h:6443",
    "helm registry login -u u -p " S " h",
    "nerdctl login -u u -p " S,
    "docker login -up " S,
    "mongo -u u -p " S " db",
    "mongosh --username u -p " S,
    "cqlsh -u u -p " S,
    "hydra -l u -p " S " ssh://h",
    "nxc smb h -u u -p " S,
    "evil-winrm -i h -u u -p " S,
    "ncftpput -u u -p " S " h / f",
    "cypher-shell -u u -p " S,
    "beeline -u jdbc:x -n u -p " S,
    "rabbitmqadmin -u u -p " S " list queues",
    "veracrypt -t -p " S " f",
    "useradd -m -p " S " u",
    "usermod -mp " S " u",
    "rdesktop -u u -p " S " h",
    "sshpass -p" S " ssh h",
    "mysqldump -uroot -p" S,
    "mysql -BNp" S,
    "7z a -p" S " x.7z",
    "7zz a -p" S " x.7z",
    "unrar x -p" S " x.rar",
    "ipmitool -H h -U u -P " S " power",
    "sqlcmd -S h -U u -P " S " -Q 'select 1'",
    "bcp t out f -U u -P" S,
    "mosquitto_pub -h h -u u -P " S " -m x",
    "ssh-keygen -t rsa -N " S " -f f",
    "ssh-keygen -p -P " S " -f f",
    "zip -P " S " x.zip f",
    "unzip -P" S " x.zip",
    "ldapsearch -xw" S " -b dc=x",
    "ldapsearch -LLLxw " S,
    "ldapsearch -xwhunter" S,
    "ldapcompare -w " S,
    "kadmin -p admin -w " S,
    "imtest -u u -w " S " h",
    "slappasswd -s " S,
    "ldappasswd -x -s " S,
    "redis-cli -h h -a " S,
    "redis-cli -h h AUTH " S,
    "redis-cli auth u " S,
    "ss-local -s h -p 8388 -k " S,
    "doctl -t " S " account get",
    "flyctl -t " S " apps",
    "glab auth login -t " S,
    "snmpwalk -v2c -c " S " h",
    "snmpget -v3 -A " S " -X " S " h",
    "dig -y hmac-sha256:k:" S " h",
    "nsupdate -y k:" S,
    "lftp -u u," S " h",
    "smbclient //h/s -U u%" S,
    "net rpc user -U u%" S,
    "wbinfo -a u%" S,
    "http -a u:" S " h",
    "https h X-Api:" S,
    "http h pin=" S,
    "http h n:=" S " q==" S,
    "xfreerdp /u:u /p:" S " /v:h",
    "htpasswd -b f u " S,
    "htpasswd -cb f u " S,
    "htpasswd -bnBC 10 u " S,
    "mosquitto_passwd -b f u " S,
    "openssl enc -aes-256-cbc -k " S " -in f",
    "openssl enc -aes-128-cbc -K " S " -iv 00",
    "openssl enc -pass pass:" S,
    "openssl rsa -passin pass:" S " -passout pass:" S,
    "openssl pkcs12 -password pass:" S,
    "openssl dgst -sha256 -hmac " S " f",
    "openssl dgst -mac HMAC -macopt key:" S " f",
    "openssl passwd -6 " S,
    "openssl s_client -psk " S,
    "swaks --to a -au u -ap " S,
    "sendemail -xu u -xp " S,
    "vmrun -gu u -gp " S " start x",
    "pdftotext -upw " S " f",
    "pdftk f input_pw " S " output g",
    "qpdf --encrypt " S " " S " 256 -- a b",
    "keytool -list -keystore f -storepass " S,
    "jarsigner -storepass " S " -keypass " S " f",
    "java -Djavax.net.ssl.trustStorePassword=" S " X",
    "gpg --batch --passphrase " S " -d f",
    "openconnect --token-secret " S " h",
    "svn co --username u --password " S " http://h/",
    "wget --proxy-user u --proxy-password " S " http://h/",
    "rclone lsf --sftp-pass " S " r:",
    "rclone obscure " S,
    "terraform apply -var db_password=" S,
    "ansible-playbook -e ansible_become_pass=" S " x.yml",
    "kubectl --token " S " get pods",
    "kubectl create secret generic n --from-literal=k=" S,
    "kubectl create secret generic n --from-literal k=" S,
    "aws configure set aws_secret_access_key " S,
    "aws ssm put-parameter --name n --value " S,
    "aws secretsmanager create-secret --secret-string " S,
    "gh secret set N -b " S,
    "gh secret set N --body " S,
    "gh auth login --with-token <<< " S,
    "psql postgres://u:" S "@h/db",
    "psql 'host=h password=" S "'",
    "sqlplus u/" S "@db",
    "sqlplus -S u/" S " @x.sql",
    "expdp u/" S "@db full=y",
    "db2 connect to d user u using " S,
    "hdbsql -u u -p " S,
    "curl -E cert.pem:" S " https://h/",
    "curl --pass " S " https://h/",
    "curl --proxy-pass " S " https://h/",
    "curl --tlspassword " S " https://h/",
    "curl --data pin=" S " https://h/",
    "curl -su u:" S " https://h/",
    "java -jar x.jar --spring.datasource.password=" S,
    "az storage blob list --account-key " S,
    "az x --connection-string 'AccountName=a;AccountKey=" S "'",

    /* a word that stands behind a command's name */
    "vault login " S,
    "vault login -no-print " S,
    "vault operator unseal " S,
    "vault kv put secret/x k=" S,
    "vault write auth/x k=" S,
    "cargo login " S,
    "bw login u " S,
    "bw unlock " S " --raw",
    "snyk auth " S,
    "cf auth u " S,
    "rabbitmqctl add_user u " S,
    "rabbitmqctl change_password u " S,
    "net user alice " S " /add",
    "net use X: " S " /user:u",
    "ejabberdctl register u h " S,
    "composer config http-basic.h u " S,
    "composer config github-oauth.github.com " S,
    "nuget setapikey " S,
    "pulumi config set --secret k " S,
    "mc alias set n https://h A " S,
    "wpa_passphrase ssid " S,
    "mkpasswd -m sha-512 " S,
    "expect -c 'spawn ssh h; expect word:; send " S "\\r'",
    "expect -c 'send -- " S "\\r'",
    "ngrok config add-authtoken " S,
    "npm config set //h/:_authToken " S,

    /* long options that are not written out */
    "curl --proxy-head 'X-Api: " S "' http://h/",
    "curl --proxy-head='X-Api: " S "' http://h/",
    "curl --proxy-u u:" S " http://h/",
    "curl --oauth " S " http://h/",
    "curl --pas " S " http://h/",
    "curl --proxy-pas " S " http://h/",
    "curl --tlsp " S " http://h/",
    "curl --coo " S " http://h/",
    "curl --data-u " S " http://h/",
    "wget --http-pas=" S " http://h/",
    "wget --passw " S " http://h/",
    "wget --head='X-Api: " S "' http://h/",
    "wget --head 'X-Api: " S "' http://h/",
    "svn co --pas " S " http://h/",
    "svn co --passw=" S " http://h/",
    "mysql --pas=" S,
    "tool --access-tok " S,
    "tool --client-secr=" S,
    "tool --api-k " S,
    "tool --PASSWORD " S,
    "tool --Api-Key=" S,
    "tool --pass=\"" S "\"",

    /* fields that curl and others add */
    "curl -H 'X-Api: " S "' http://h/",
    "curl -H'X-Api: " S "' http://h/",
    "curl -sSH 'X-Api: " S "' http://h/",
    "curl -sSHX-Api:" S " http://h/",
    "curl --header 'X-Api:" S "' http://h/",
    "curl --header='X-Api: " S "' http://h/",
    "curl --proxy-header 'X-Any: a b " S "' http://h/",
    "curl -H 'Authorization: Basic " S "' http://h/",
    "grpcurl -H 'x-any: " S "' h:1 list",
    "ab -n 1 -H 'X-Any: " S "' http://h/",
    "w3m -header 'X-Any: " S "' http://h/",
    "aria2c --header='X-Any: " S "' http://h/",

    /* the text of a script */
    "python3 -c 'x.login(\"u\", \"" S "\")'",
    "python3 -c \"x.login('u', '" S "')\"",
    "python3 -c 'k = \"" S "\"; print(k)'",
    "python3 -c 'import os # don`t\nx(\"" S "\")'",
    "python3 -c 'f(\"http://h/\"); g(\"http://u:p@h/\", \"" S "\")'",
    "python3 -c'f(b\"" S "\")'",
    "python3 -c 'f(\"\"\"" S "\"\"\")'",
    "python3.11 -uIc 'f(\"" S "\")'",
    "pypy3 -c 'f(\"" S "\")'",
    "perl -e 'f(\"" S "\")'",
    "perl -MIO::Socket -we 'f(\"" S "\")'",
    "perl -lane 'f(q(" S "))'",
    "perl -e 'f(qw/u " S "/)'",
    "ruby -rnet/http -e 'f(\"" S "\")'",
    "ruby -e 'f(%q(" S "), %w[" S "])'",
    "node -e 'f(\"" S "\")'",
    "node -pe 'f(`" S "`)'",
    "node --eval 'f(\"" S "\")'",
    "node --eval='f(\"" S "\")'",
    "node -e 'require(\"http\").f(\"" S "\")'",
    "deno eval 'f(\"" S "\")'",
    "php -r 'f(\"" S "\");'",
    "php --run 'f(\"" S "\");'",
    "lua5.4 -e 'f([[" S "]])'",
    "Rscript -e 'f(\"" S "\")'",
    "julia -E 'f(\"" S "\")'",
    "elixir --eval 'f(\"" S "\")'",
    "mongosh --eval 'db.f(\"u\", \"" S "\")'",
    "psql -c \"alter user u with encrypted thing '" S "'\"",
    "psql --command=\"alter user u with thing '" S "'\"",
    "mysql -e \"create user u identified by '" S "'\"",
    "sqlcmd -Q \"alter login u with x = '" S "'\"",
    "pwsh -Command \"f '" S "'\"",
    "expect -c 'send \"" S "\\r\"'",

    /* a shell's own */
    "sudo -S ls <<< " S,
    "sudo -S ls <<<" S,
    "sudo -S ls <<<'" S "'",
    "export API_TOKEN=" S "; x",
    "export MASTER_KEY='" S "'",
    "API_KEY=\"" S "\" x",

    /* more of the kind */
    "curl -H 'x-api : " S "' http://h/",
    "curl -Q 'PASS " S "' ftp://h/",
    "curl --ftp-acc " S " ftp://h/",
    "git -c 'http.extraheader=X-Any: " S "' fetch",
    "git clone https://x:" S "@h/r.git",
    "az keyvault secret set -n n --value " S,
    "rclone config create n webdav pass " S,
    "flyctl secrets set FOO=" S,
    "npm publish --otp=" S,
    "poetry config pypi-token.pypi " S,
    "poetry publish -u u -p " S,
    "gem push -k " S " x.gem",
    "vault token lookup " S,
    "consul kv put k " S,
    "etcdctl --user=root:" S " get x",
    "redis-cli CONFIG SET requirepass " S,
    "nmcli con mod x wifi-sec.psk " S,
    "iwconfig wlan0 key s:" S,
    "awk 'BEGIN{p=\"" S "\"}'",
    "pwsh -command \"f '" S "'\"",
    "tool 'sv=1&sig=" S "'",
    "tool 'Server=h;User Id=u;Password=" S ";'",
    "tool foo=bar,http://u:" S "@h/x",
    "tool AGE-SECRET-KEY-1" S "QQQQQQQQQQQQQQQQQQQQ",
    "sqlite3 x.db \"pragma key='" S "'\"",
    "clickhouse-client -q \"x '" S "'\"",
    "cqlsh -e \"x '" S "'\"",
    "R -e 'f(\"" S "\")'",
    "erl -eval 'f(\"" S "\").'",
    "psql -c 'x $$" S "$$'",
    "jq --arg p " S " .",
    "tool --creds " S " --rootpw " S,
    "mysql db -e\"x '" S "'\"",
    "xargs -0 mysql -p" S,
    "systemd-run --setenv=TOKEN=" S " x",
    "tmux new -d 'mysql -p" S "'",
    "su -c 'psql postgres://u:" S "@h' u",
    "tool sk_live_" S "AAAAAAAAAAAAAAAAAAAA",
    "tool '-----BEGIN PRIVATE KEY-----" S "'",
};

/* Those that only a shell takes. */
static const char *const shell[] = {
    "echo " S " | sudo -S ls",
    "echo '" S "' | sudo -kS ls",
    "cat <<EOF | sudo -S ls\n" S "\nEOF",
    "echo -n " S "|sudo -u x -S ls",
    "printf '%s\\n' " S " | sudo -S ls",
    "printf " S " | docker login -u u --password-stdin",
    "echo u:" S " | chpasswd",
    "echo " S " | passwd --stdin u",
    "echo " S " | gh auth login --with-token",
    "echo " S " | kinit u",
    "echo " S " | base64",
    "echo " S " | openssl enc -aes-256-cbc",
    "echo " S " | openconnect --passwd-on-stdin h",
    "echo " S " | cryptsetup open x y",
    "echo " S " | gpg --passphrase-fd 0 -d f",
    "echo \"" S "\" | su -c ls",
    "yes " S " | passwd",
    "(echo " S "; cat) | sudo -S sh",
    "{ echo " S "; sleep 1; } | sudo -S sh",
    "sudo -S ls < <(echo " S ")",
    "x $(echo " S " | base64)",
    "curl -u 'u':'" S "' http://h/",
    "curl -u u:\"" S "\" http://h/",
    "curl -H \\\n \"X-Api: " S "\" http://h/",
    "setenv NAME " S,
    "python3 - <<EOF\nx('" S "')\nEOF",
    "bash -c \"bash -c 'mysql -p" S "'\"",
    "vault login $T; vault login " S,
    "cd /; echo " S " |\n sudo -S ls",
    "python3 -c \"x.f(\\\"" S "\\\")\"",
    "python3 -c 'x.f('\"'\"'" S "'\"'\"')'",
    "cd /x && python3 -c 'f(1)' && perl -e 'f(\"" S "\")'",
};

static const char *const harmless[] = {
    "ls -la /tmp",
    "az vm list -o table",
    "az account show -p x",
    "docker run -p 8080:80 -e A=b image",
    "docker ps -a --format json",
    "kubectl exec -it pod -- ls -p",
    "kubectl get pods -n kube-system -o wide",
    "helm upgrade --install a b -f values.yaml",
    "mysql -u root -P 3306 -h h db",
    "mysql -e 'select 1' db",
    "mkdir -p a/b",
    "snmpget '' host",
    "ssh -p 22 -i key h",
    "cp -p a b",
    "tar -czpf a.tgz b",
    "ldapsearch -x -H ldap://h:389 -D cn=w",
    "ldapsearch -xLLL -bdc=win -s sub",
    "openssl s_client -connect h:443 -key k.pem",
    "openssl x509 -in f -noout -text",
    "openssl dgst -sha256 f",
    "vault status -format=json",
    "vault kv get secret/x",
    "cargo build --release",
    "git commit --author=Bob -m message",
    "git log --author Bob --oneline",
    "git clone https://h/r.git",
    "git push -u origin main",
    "curl -sSL -o /dev/null -x http://proxy:3128 https://h/p",
    "curl --head http://h/",
    "curl -I http://h:8080/",
    "curl -H 'Accept: text/html' -H 'Content-Type: a/b' http://h/",
    "curl --header 'User-Agent: x 1.0' http://h/",
    "curl -H 'Host: h:80' -H 'Cache-Control: no-cache' http://h/",
    "curl --proxy http://proxy:3128 --fail --compressed http://h/",
    "curl -K file -w '%{http_code}' http://h/",
    "wget --passive-ftp -q http://h/p",
    "wget --progress=dot --tries=3 http://h/p",
    "auth407 run --password-file /x/pw -- curl http://h/",
    "rsync --password-file=/x/pw a b",
    "docker login --password-stdin registry.h",
    "http GET h:8080/p",
    "http :8080/p Accept:text/html",
    "python3 -c 'import sys; print(sys.argv)'",
    "python3 -c 'f(1, 2)' a b",
    "python3 -m http.server 8080",
    "python3 -u script.py --verbose",
    "python3 -c 'import u; u.urlopen(\"http://h/p\").read()'",
    "node -e 'require(\"https\").get(\"https://h/p\")'",
    "node --require ./x.js app.js",
    "ruby -e 'require \"net/http\"; p 1'",
    "perl -pe s/a/b/ file",
    "php -S localhost:8080",
    "java -jar x.jar --server.port=8080",
    "npm install --save-dev x",
    "npm run build",
    "pip install --user requests==2.0",
    "apt-get -y install curl",
    "systemctl --user status x.service",
    "redis-cli -h h -p 6379 ping",
    "psql -h h -U u -c 'select 1' db",
    "7z x -p a.7z",
    "unzip -o a.zip -d dir",
    "sqlplus /nolog @x.sql",
    "net ads testjoin",
    "snmpwalk --help",
    "dig +short h",
    "ffmpeg -i a -c copy b",
    "gcc -O2 -pthread -c a.c",
    "make -j2 check",
    "rclone copy a: b:",
    "terraform apply -var region=eu",
    "ansible-playbook -e env=prod x.yml",
    "gh pr create -b body --title x",
    "aws s3 cp a s3://b/c",
    "sed -e s/a/b/ f",
    "grep -e pattern -P x f",
    "find . -name '*.c' -print",
    "tool --section a --second 5 --create x --cookbook y",
    "tool --passthrough x --tokenizer y --keyboard z",
    "tool --authority h:1 --compass x --bypass y",
    "qpdf --linearize a b",
    "echo hello | nc h 80",
    "echo hello; ls",
    "echo a | sort | uniq -c",
    "timeout 5 nice -n 5 ls",
    "sudo -u bob ls",
    "sudo -S -u bob ls",
    "sh -c 'awk -F: {print} /etc/passwd'",
    "awk -F: '{print $1}' /etc/passwd",
    "ssh -o PasswordAuthentication=no h ls",
    "snmpwalk -v2c h",
    "curl --cookie-jar jar http://h/",
    "tool --auth-type x --session-timeout 5",
    "env PWD=/x HOME=/y ls",
    "iw dev wlan0 link",
    "docker run -p 80 image",
    "mc ls play/x",
    "git push https://h/r.git HEAD:main",
    "java -Dhttp.proxyHost=h -Dhttp.proxyPort=1 -cp a.jar X",
    "for i in 1 2; do echo $i; done | sort",
    "cat <(ls) | wc -l",
    "x $((1<<3))",
};

static int failures;

static void expect_hidden(const char *line, const char *out)
{
    if (!strstr(out, S))
        return;
    print_error("shown: %s\n%s", line, out);
    failures++;
}

TEST(secret)
{
    static const char *const before[] = {
        "",
        "/usr/bin/env A=b ",
        "sudo -u bob -- ",
        "timeout 5 nice -n 5 ",
        "xargs -n 1 ",
        "docker exec -it c ",
        "kubectl exec p -- ",
        "busybox ",
    };
    char out[8192];
    failures = 0;
    for (size_t i = 0; i < sizeof secret / sizeof *secret; i++) {
        for (size_t k = 0; k < sizeof before / sizeof *before; k++) {
            show_line(before[k], secret[i], out);
            expect_hidden(secret[i], out);
        }
        show_shell(secret[i], out);
        expect_hidden(secret[i], out);
    }
    for (size_t i = 0; i < sizeof shell / sizeof *shell; i++) {
        show_shell(shell[i], out);
        expect_hidden(shell[i], out);
    }
    assert_int_equal(failures, 0);
}

TEST(harmless)
{
    failures = 0;
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
        char out[8192], text[1024], want[2048] = "";
        const char *words[WORDS];
        strcpy(text, harmless[i]);
        size_t n = cut(text, words);
        for (size_t k = 0; k < n; k++)
            sprintf(want + strlen(want), "%s\n", words[k]);
        show(words, n, out);
        if (strcmp(out, want) != 0) {
            print_error("%s\n%s", harmless[i], out);
            failures++;
        }
        show_shell(harmless[i], out);
        if (strncmp(out + strlen("sh\n-c\n"), harmless[i],
                    strlen(harmless[i])) != 0) {
            print_error("%s\n%s", harmless[i], out);
            failures++;
        }
    }
    assert_int_equal(failures, 0);
}
