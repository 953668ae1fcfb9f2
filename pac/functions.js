/* SPDX-License-Identifier: MIT */
/*
 * The functions that a proxy auto-config file may call, as Netscape described
 * them, and Microsoft's for IPv6. Two are C: ask(what, of) is answered by the
 * parent, bytes(text) is an address in hexadecimal digits, or null.
 */
(function (global, ask, bytes) {
    'use strict';

    var DAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];
    var MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP',
        'OCT', 'NOV', 'DEC'];

    function lower(text) {
        return String(text).toLowerCase();
    }

    function list(text) {
        return text ? text.split(';') : [];
    }

    function isV4(address) {
        return bytes(address) !== null && address.indexOf(':') < 0;
    }

    function firstV4(addresses) {
        return list(addresses).filter(isV4)[0] || null;
    }

    function endsWith(text, end) {
        return text.length >= end.length &&
            text.slice(text.length - end.length) === end;
    }

    /* ---- names and addresses ---- */

    global.isPlainHostName = function (host) {
        return !/[.:]/.test(host);
    };

    global.dnsDomainIs = function (host, domain) {
        return endsWith(lower(host), lower(domain));
    };

    global.localHostOrDomainIs = function (host, whole) {
        host = lower(host);
        whole = lower(whole);
        return host === whole || whole.indexOf(host + '.') === 0;
    };

    global.dnsDomainLevels = function (host) {
        return String(host).split('.').length - 1;
    };

    global.dnsResolve = function (host) {
        return isV4(String(host)) ? String(host) :
            firstV4(ask('resolve', host));
    };

    global.isResolvable = function (host) {
        return global.dnsResolve(host) !== null;
    };

    global.myIpAddress = function () {
        return firstV4(ask('own', '')) || '127.0.0.1';
    };

    global.convert_addr = function (address) {
        var hex = isV4(String(address)) ? bytes(String(address)) : '0';
        return parseInt(hex, 16) | 0;
    };

    global.isInNet = function (host, pattern, mask) {
        var address = global.dnsResolve(host);
        mask = global.convert_addr(mask);
        return address !== null && isV4(String(pattern)) &&
            (global.convert_addr(address) & mask) ===
            (global.convert_addr(pattern) & mask);
    };

    global.dnsResolveEx = function (host) {
        return bytes(String(host)) ? String(host) : ask('resolve', host);
    };

    global.isResolvableEx = function (host) {
        return global.dnsResolveEx(host) !== '';
    };

    global.myIpAddressEx = function () {
        return ask('own', '');
    };

    function bits(hex) {
        return hex.split('').map(function (digit) {
            return (16 + parseInt(digit, 16)).toString(2).slice(1);
        }).join('');
    }

    global.isInNetEx = function (host, prefix) {
        var parts = String(prefix).split('/');
        var net = bytes(parts[0]);
        return net !== null && list(global.dnsResolveEx(host)).some(
            function (address) {
                var one = bytes(address);
                return one !== null && one.length === net.length &&
                    bits(one).slice(0, +parts[1]) ===
                    bits(net).slice(0, +parts[1]);
            });
    };

    global.sortIpAddressList = function (addresses) {
        var all = list(String(addresses)).map(function (address) {
            return {text: address.trim(), hex: bytes(address.trim())};
        });
        if (!all.length || all.some(function (a) { return a.hex === null; }))
            return '';
        return all.sort(function (a, b) {
            return b.hex.length - a.hex.length || (a.hex < b.hex ? -1 : 1);
        }).map(function (a) { return a.text; }).join(';');
    };

    global.getClientVersion = function () {
        return '1.0';
    };

    /* ---- patterns ---- */

    /* No regular expression: one of many stars could take for ever. */
    global.shExpMatch = function (text, pattern) {
        var at = 0, i = 0, star = -1, from = 0;
        text = String(text);
        pattern = String(pattern);
        while (at < text.length) {
            if (pattern[i] === '*') {
                star = i++;
                from = at;
            } else if (i < pattern.length &&
                       (pattern[i] === '?' || pattern[i] === text[at])) {
                i++;
                at++;
            } else if (star >= 0) {
                i = star + 1;
                at = ++from;
            } else {
                return false;
            }
        }
        while (pattern[i] === '*')
            i++;
        return i === pattern.length;
    };

    /* ---- the time ---- */

    function between(from, now, to) {
        return from <= to ? from <= now && now <= to : now >= from || now <= to;
    }

    /* The arguments without "GMT", and a part of the date as they want it. */
    function clock(args) {
        var all = [].slice.call(args), now = new Date();
        var utc = all.length > 0 && lower(all[all.length - 1]) === 'gmt';
        return {
            args: utc ? all.slice(0, -1) : all,
            get: function (part) {
                return now[(utc ? 'getUTC' : 'get') + part]();
            }
        };
    }

    global.weekdayRange = function () {
        var c = clock(arguments), days = c.args.map(function (name) {
            return DAYS.indexOf(String(name).toUpperCase());
        });
        return days.length > 0 && days.indexOf(-1) < 0 &&
            between(days[0], c.get('Day'), days[days.length - 1]);
    };

    /* "day", "month" or "year", with its number; a day is at most 31. */
    function part(arg) {
        var month = MONTHS.indexOf(String(arg).toUpperCase());
        return month >= 0 ? ['Month', month] :
            [+arg > 31 ? 'FullYear' : 'Date', +arg];
    }

    /* A moment as a number, of the parts that are named. */
    function moment(parts, get) {
        var size = {FullYear: 416, Month: 32, Date: 1};
        return parts.reduce(function (sum, p) {
            return sum + size[p[0]] * (get ? get(p[0]) : p[1]);
        }, 0);
    }

    global.dateRange = function () {
        var c = clock(arguments), parts = c.args.map(part);
        var half = parts.length / 2, first = parts, last = parts;
        function kinds(side) {
            return side.map(function (p) { return p[0]; }).join();
        }
        if (kinds(parts.slice(0, half)) === kinds(parts.slice(half))) {
            first = parts.slice(0, half);
            last = parts.slice(half);
        }
        return parts.length > 0 && between(moment(first),
            moment(first, c.get), moment(last));
    };

    global.timeRange = function () {
        var c = clock(arguments), a = c.args.map(Number), n = a.length;
        var now = c.get('Hours') * 3600 + c.get('Minutes') * 60 +
            c.get('Seconds');
        function seconds(i, unsaid) {
            return a[i] * 3600 + (n > 2 ? a[i + 1] : unsaid) * 60 +
                (n > 4 ? a[i + 2] : unsaid);
        }
        return n > 0 && between(seconds(0, 0), now,
            seconds(n > 1 ? n / 2 : 0, 59));
    };

    global.alert = function (text) {
        ask('alert', text);
    };
})
