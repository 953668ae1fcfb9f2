# SPDX-License-Identifier: MIT
# fetch_lwp.pl URL OUT PROXY CA: LWP, with the proxies of the environment.
use strict;
use warnings;
use LWP::UserAgent;

my ($url, $out, undef, $ca) = @ARGV;
my $ua = LWP::UserAgent->new(timeout => 15, env_proxy => 1,
                             ssl_opts => {SSL_ca_file => $ca});
my $r = $ua->get($url, ':content_file' => $out);
die 'status ' . $r->status_line . "\n" unless $r->is_success;
