# SPDX-License-Identifier: MIT
# fetch_tiny.pl URL OUT PROXY CA: HTTP::Tiny, Perl's own client.
use strict;
use warnings;
use HTTP::Tiny;

my ($url, $out, undef, $ca) = @ARGV;
my $r = HTTP::Tiny->new(timeout => 15, verify_SSL => 1,
                        SSL_options => {SSL_ca_file => $ca})->get($url);
die "status $r->{status} $r->{reason}: $r->{content}\n" unless $r->{success};
open my $f, '>:raw', $out or die "$out: $!\n";
print {$f} $r->{content};
close $f or die "$out: $!\n";
