/* SPDX-License-Identifier: MIT */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "core/base/text.h"

int a407_terminal_open(void)
{
    return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

static void say(int tty, const char *text)
{
    size_t n = strlen(text);
    if (write(tty, text, n) < 0)
        return; /* what is typed counts all the same */
}

/* ---- signals while nothing is shown ---- */

static const int signals[] = {SIGINT,  SIGTERM, SIGHUP,
                              SIGQUIT, SIGTSTP, SIGCONT};
#define SIGNALS (sizeof signals / sizeof *signals)

static volatile sig_atomic_t caught;

static void on_signal(int signal)
{
    caught = signal;
}

struct handlers {
    struct sigaction before[SIGNALS];
    sigset_t mask; /* before */
};

/* They come while poll waits, and at no other moment. */
static void catch_signals(struct handlers *h)
{
    struct sigaction sa = {.sa_handler = on_signal};
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaddset(&set, signals[i]);
    sigprocmask(SIG_BLOCK, &set, &h->mask);
    for (size_t i = 0; i < SIGNALS; i++) {
        sigaction(signals[i], NULL, &h->before[i]);
        if (h->before[i].sa_handler != SIG_IGN)
            sigaction(signals[i], &sa, NULL);
    }
    caught = 0;
}

static void leave_signals(const struct handlers *h)
{
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &h->before[i], NULL);
    sigprocmask(SIG_SETMASK, &h->mask, NULL);
}

/* ---- a line that does not show ---- */

/* Takes the last character off, all its bytes. */
static void erase(struct a407_buf *out)
{
    size_t n = out->n;
    while (n && a407_utf8_goes_on(out->p[n - 1]))
        n--;
    a407_buf_undo(out, n ? n - 1 : 0);
}

/* ... and the last word, with what blanks are behind it. */
static void erase_word(struct a407_buf *out)
{
    while (out->n && out->p[out->n - 1] == ' ')
        erase(out);
    while (out->n && out->p[out->n - 1] != ' ')
        erase(out);
}

enum typed { TYPED_ON, TYPED_LINE, TYPED_END, TYPED_FAILED };

/* The terminal edits no line here: its own are of 4095 bytes at most, and it
   drops what is beyond. A token may be longer. */
static enum typed take(struct a407_buf *out, char c, const cc_t *keys)
{
    unsigned char key = (unsigned char)c;
    if (c == '\n' || c == '\r')
        return TYPED_LINE;
    if (key == keys[VEOF])
        return out->n ? TYPED_ON : TYPED_END;
    if (key == keys[VERASE] || c == '\b' || c == 0x7f)
        erase(out);
    else if (key == keys[VWERASE])
        erase_word(out);
    else if (key == keys[VKILL])
        a407_buf_undo(out, 0);
    else if (!a407_buf_add(out, &c, 1))
        return TYPED_FAILED;
    return TYPED_ON;
}

/* ON: a signal came. */
static enum typed read_hidden(int tty, const struct handlers *h,
                              const cc_t *keys, struct a407_buf *out)
{
    struct pollfd p = {.fd = tty, .events = POLLIN};
    enum typed now = TYPED_ON;
    while (now == TYPED_ON) {
        char c;
        errno = 0;
        if (ppoll(&p, 1, NULL, &h->mask) < 0 && errno != EINTR)
            return TYPED_FAILED;
        if (caught)
            return TYPED_ON;
        ssize_t n = p.revents ? read(tty, &c, 1) : -1;
        if (n > 0)
            now = take(out, c, keys);
        else if (n == 0)
            return TYPED_END;
        else if (errno != EINTR && errno != EAGAIN && errno)
            return TYPED_FAILED;
        a407_wipe(&c, 1);
    }
    return now;
}

static bool ask_hidden(int tty, const char *question, struct a407_buf *out)
{
    struct termios shown, hidden;
    for (;;) {
        struct handlers h;
        if (tcgetattr(tty, &shown) != 0)
            return false;
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
        hidden.c_cc[VMIN] = 1;
        hidden.c_cc[VTIME] = 0;
        catch_signals(&h);
        tcsetattr(tty, TCSAFLUSH, &hidden);
        say(tty, question);
        enum typed typed = read_hidden(tty, &h, shown.c_cc, out);
        int error = typed == TYPED_FAILED ? errno : 0, signal = caught;
        tcsetattr(tty, TCSAFLUSH, &shown);
        say(tty, "\n");
        leave_signals(&h);
        errno = error;
        if (typed != TYPED_ON)
            return typed == TYPED_LINE;
        a407_buf_clear(out);
        if (signal != SIGCONT)
            raise(signal);
    }
}

/* ---- one that does ---- */

static bool ask_shown(int tty, const char *question, struct a407_buf *out)
{
    char line[4096]; /* the terminal's own are no longer */
    struct sigaction sa = {.sa_handler = on_signal}, before;
    struct pollfd p = {.fd = tty, .events = POLLIN};
    sigset_t cont, mask;
    ssize_t n;
    /* behind a stop it begins on a line of its own */
    sigemptyset(&cont);
    sigaddset(&cont, SIGCONT);
    sigprocmask(SIG_BLOCK, &cont, &mask);
    sigaction(SIGCONT, &sa, &before);
    do
        say(tty, question);
    while (ppoll(&p, 1, NULL, &mask) < 0 && errno == EINTR);
    do
        n = read(tty, line, sizeof line);
    while (n < 0 && errno == EINTR);
    int error = errno;
    sigaction(SIGCONT, &before, NULL);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    errno = error;
    if (n == 0)
        errno = 0;
    if (n <= 0)
        return false;
    n -= line[n - 1] == '\n';
    return a407_buf_add(out, line, (size_t)n);
}

bool a407_terminal_ask(int tty, const char *question, bool hidden,
                       struct a407_buf *out)
{
    a407_buf_clear(out);
    return hidden ? ask_hidden(tty, question, out)
                  : ask_shown(tty, question, out);
}
