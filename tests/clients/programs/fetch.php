<?php
// SPDX-License-Identifier: MIT
// fetch.php URL OUT PROXY CA: PHP's own streams, no curl.
[, $url, $out, $proxy, $ca] = $argv;
$context = stream_context_create([
    'http' => ['proxy' => str_replace('http://', 'tcp://', $proxy),
               'request_fulluri' => true, 'timeout' => 15],
    'ssl' => ['cafile' => $ca],
]);
$data = file_get_contents($url, false, $context);
if ($data === false) {
    exit(1);
}
file_put_contents($out, $data);
