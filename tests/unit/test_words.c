/* SPDX-License-Identifier: MIT */
#include "core/record/words.h"

#include "unit.h"

/* ---- pages ---- */

static const char *page(const char *html, size_t cap)
{
    static char out[512];
    size_t n = strlen(html);
    char *p = exact(html, n);
    memset(out, 'x', sizeof out);
    a407_page_text(a407_span(p, n), '|', out, cap);
    free(p);
    return out;
}

TEST(markup_and_blanks)
{
    assert_string_equal(
        page("<!DOCTYPE html>\n<html><head><title>No</title><style>b{}</style>"
             "</head>\r\n<body\nid=\"a>b\"><h1>Access&nbsp;denied</h1>"
             "<!-- <p>secret</p> --><SCRIPT>if (a < b) x();</SCRIPT >"
             "<p>Your   IP\tis&#32;not <b>allowed</b>.</body>",
             200),
        "b\">|Access denied|Your IP is not allowed .");
    assert_string_equal(
        page("<td>Your<br>account <b>is</b></td>\n<TD> <i>locked</I>"
             "<!-- x -->.</td></table>",
             200),
        "Your|account is|locked .");
    assert_string_equal(page("1 < 2 & 3 > 2", 200), "1 < 2 & 3 > 2");
    assert_string_equal(page("{\"error\": \"x\"}\n", 200),
                        "{\"error\": \"x\"}");
    assert_string_equal(page("", 200), "");
    assert_string_equal(page("<p", 200), "");
    assert_string_equal(page("a<script>b", 200), "a");
}

TEST(references)
{
    assert_string_equal(
        page("&lt;b&gt; &amp;amp; &quot;&#39;&#x41;&#8364;", 200),
        "<b> &amp; \"'A\xe2\x82\xac");
    assert_string_equal(page("&#x1f600;&unknown;&;&", 200),
                        "\xf0\x9f\x98\x80&unknown;&;&");
    /* what a terminal would obey, and what is no character */
    assert_string_equal(
        page("a&#27;[31mb&#x202e;c&#0;d&#xd800;e&#x110000;f", 200),
        "a [31mbc&#0;def");
    assert_string_equal(page("a\x1b[2Jb\x9fz\xe2\x80\xae!\x7f", 200),
                        "a [2Jbz!");
    /* what is not seen parts no word */
    assert_string_equal(page("pass&shy;wo&#x200b;rd\xc2\xad", 200), "password");
}

/* What is no UTF-8 is Latin-1. */
TEST(western)
{
    assert_string_equal(
        page("f\xfcr &uuml;ber &Aacute;&yuml;&nbsp;&szlig;", 200),
        "f\xc3\xbcr \xc3\xbc"
        "ber \xc3\x81\xc3\xbf \xc3\x9f");
    assert_string_equal(page("&copy&uumlx; &Copy;", 200),
                        "\xc2\xa9&uumlx; &Copy;");
}

TEST(bounded)
{
    assert_string_equal(page("abc def", 8), "abc def");
    assert_string_equal(page("abc def", 7), "abc de");
    assert_string_equal(page("abc \xe2\x82\xac g", 7), "abc");
    assert_string_equal(page("abc", 1), "");
}

/* ---- words ---- */

static const struct {
    enum a407_cause cause;
    const char *text;
} texts[] = {
#define ADDRESS A407_CAUSE_ADDRESS
#define EXPIRED A407_CAUSE_ACCOUNT_EXPIRED
#define LOCKED  A407_CAUSE_ACCOUNT_LOCKED
#define BACKEND A407_CAUSE_BACKEND_DOWN
#define NOTHING A407_CAUSE_NONE
    {ADDRESS, "ip_forbidden"},
    {ADDRESS, "Auth Failed (code: ip_forbidden)"},
    {ADDRESS, "request IP is blacklisted in this zone"},
    {ADDRESS, "not-whitelisted"},
    {ADDRESS, "Your IP address 203.0.113.5 is not whitelisted."},
    {ADDRESS, "Error 407. Your client IP has not been authorized."},
    {ADDRESS, "The IP is not in the allowlist of this plan"},
    {ADDRESS, "IP address not in the list of allowed addresses"},
    {ADDRESS, "Access from your IP has been denied"},
    {ADDRESS, "You are not authorized to use this proxy from this address."},
    {ADDRESS, "Unauthorized IP"},
    {ADDRESS, "{\"code\":407,\"error\":\"source IP not authorised\"}"},
    {EXPIRED, "Your subscription has expired."},
    {EXPIRED, "Sorry! Your account has expired. Renew it at http://x.test/"},
    {EXPIRED, "NT_STATUS_PASSWORD_EXPIRED"},
    {EXPIRED, "NA NT_STATUS_PASSWORD_MUST_CHANGE"},
    {EXPIRED, "NT_STATUS_ACCOUNT_EXPIRED"},
    {EXPIRED, "authentication_failed_password_expired"},
    {EXPIRED, "The specified account password has expired."},
    {EXPIRED, "Traffic limit reached"},
    {EXPIRED, "bandwidthlimit"},
    {EXPIRED, "Bandwidth limit reached. Please upgrade."},
    {EXPIRED, "exceeded bandwidth limit"},
    {EXPIRED, "Monthly quota has been exceeded"},
    {EXPIRED, "You have no traffic left on this plan"},
    {EXPIRED, "Insufficient balance"},
    {EXPIRED, "80090308: LdapErr: DSID-0C09044E, comment: "
              "AcceptSecurityContext error, data 532, v2580"},
    {LOCKED, "NA NT_STATUS_ACCOUNT_LOCKED_OUT"},
    {LOCKED, "NT_STATUS_ACCOUNT_DISABLED"},
    {LOCKED, "The referenced account is currently locked out and may not be "
             "logged on to."},
    {LOCKED, "Your account has been temporarily locked"},
    {LOCKED, "Account is suspended"},
    {LOCKED, "Logon failure: account currently disabled."},
    {LOCKED, "Too many bad login attempts. Please try again in a few minutes."},
    {LOCKED, "Clients credentials have been revoked"},
    {LOCKED, "AcceptSecurityContext error, data 775, v1db1"},
    {LOCKED, "User is disabled"},
    {LOCKED, "Account locked\nIf you think that this is wrong, call us"},
    {LOCKED, "Your account has been locked after too many failed attempts"},
    {EXPIRED, "Your password must be changed"},
    {EXPIRED, "Your traffic is used up"},
    {EXPIRED, "The user's account has expired. (0xC0000193)"},
    {EXPIRED, "You have used all of your bandwidth"},
    {EXPIRED, "Data limit reached"},
    {EXPIRED, "Not enough balance"},
    {LOCKED, "Maximum login attempts exceeded"},
    {BACKEND, "Active Directory is unreachable"},
    {ADDRESS, "Sorry, your host is not permitted to use this proxy"},
    {ADDRESS, "Your IP address isn't allowed"},
    {LOCKED, "{\"error\":\"account_locked\"}"},
    {BACKEND, "Can't contact LDAP server"},
    {BACKEND, "Can\xe2\x80\x99t contact LDAP server"},
    {BACKEND, "Cannot contact any KDC for realm CORP.EXAMPLE"},
    {BACKEND, "NT_STATUS_NO_LOGON_SERVERS"},
    {BACKEND, "There are currently no logon servers available to service the "
              "logon request."},
    {BACKEND, "The authentication server cannot be contacted: LDAP server is "
              "down"},
    {BACKEND, "The authentication service is unavailable"},
    {BACKEND, "Authentication server is not responding"},
    {BACKEND, "Unable to connect to the configured BCAAA server"},
    {BACKEND, "The domain controller could not be reached."},
    {BACKEND, "Authentication helper crashed"},
    {BACKEND, "RADIUS server timed out"},
    /* what everybody is told, and what is only supposed */
    {NOTHING, "ERROR Cache Access Denied. The following error was encountered "
              "while trying to retrieve the URL: http://x.test/ Cache Access "
              "Denied. Sorry, you are not currently allowed to request "
              "http://x.test/ from this cache until you have authenticated "
              "yourself. Please contact the cache administrator if you have "
              "difficulties authenticating yourself."},
    {NOTHING, "Access Denied. Access control configuration prevents your "
              "request from being allowed at this time. Please contact your "
              "service provider if you feel this is incorrect."},
    {NOTHING, "Proxy Authentication Required ( The ISA Server requires "
              "authorization to fulfill the request. Access to the Web Proxy "
              "filter is denied. )"},
    {NOTHING, "Access Denied (authentication_failed) Your credentials could "
              "not be authenticated: \"Credentials are missing.\". You will "
              "not be permitted access until your credentials can be verified. "
              "This is typically caused by an incorrect username and/or "
              "password, but could also be caused by network problems."},
    {NOTHING, "Invalid authentication: check credentials and retry. Bright "
              "Data credentials include your account ID, zone name and "
              "password"},
    {NOTHING, "Incorrect username or password"},
    {NOTHING, "If your account is locked, call the help desk."},
    {NOTHING, "Wrong password, or your account is locked."},
    {NOTHING, "After five failed logins your account will be locked."},
    {NOTHING, "Your account may have expired."},
    {NOTHING, "Your account is not locked."},
    {NOTHING, "Your account isn't locked."},
    {NOTHING, "Your account isn\xe2\x80\x99t locked."},
    {NOTHING, "Is your account locked? Call the help desk."},
    {NOTHING, "Password expired?"},
    {NOTHING, "To unlock a locked account call the help desk."},
    {NOTHING, "Forgot your password? Reset an expired password"},
    {NOTHING, "After 3 failed attempts the account is locked for 10 minutes"},
    {NOTHING, "Accounts are locked out after 5 wrong passwords"},
    {NOTHING, "Username and password must be provided to use this proxy"},
    {NOTHING, "Password must be at least 8 characters"},
    {NOTHING, "Access from this network is denied without a login"},
    {NOTHING, "Access is not allowed from this address until you log in"},
    {NOTHING, "All traffic passing this proxy is used for statistics"},
    {NOTHING, "Quota used: 5 of 10 GB"},
    {NOTHING, "Your IP\n10.0.0.1\nDenied"},
    {NOTHING, "Please check whether your IP is not whitelisted"},
    {NOTHING, "The requested IP is not allowed"},
    {NOTHING, "http://locked.account.test/account-locked-out?ip=not-allowed"},
    {NOTHING, "CONNECT account.locked.test:443"},
    {NOTHING, "Basic login is disabled on this proxy"},
    {NOTHING, "This proxy server requires a user name and a password"},
    {NOTHING, "407 Proxy Authentication Required"},
    {NOTHING, "Unauthorized"},
    {NOTHING, "no_token"},
    {NOTHING, ""},
    {NOTHING, "........................"},
};

TEST(words)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        size_t n = strlen(texts[i].text);
        char *p = exact(texts[i].text, n);
        struct a407_span said;
        enum a407_cause c = a407_words_cause(a407_span(p, n), &said);
        if (c != texts[i].cause)
            fail_msg("%s: %s", texts[i].text, a407_cause_info(c)->code);
        free(p);
    }
}

TEST(sentence)
{
    static const char text[] = "Hello there. Your account is locked! Bye.";
    struct a407_span said;
    assert_int_equal(a407_words_cause(a407_span_str(text), &said),
                     A407_CAUSE_ACCOUNT_LOCKED);
    assert_true(a407_span_eq(said, "Your account is locked!"));
}
