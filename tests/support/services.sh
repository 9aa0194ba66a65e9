#!/bin/bash
# Has the real servers and clients that integration and end-to-end tests need.
# Idempotent. Debian's packages by apt-get (as root), the newest peers built from Go
# modules into $JIPYO_SERVICES/bin, search servers as jars of Maven Central into
# $JIPYO_SERVICES/search (Elasticsearch 9 and OpenSearch 3 need Java 21), and programs that
# judge files (veraPDF, hwpxlib, python-hwpx, rhwp, axe) into $JIPYO_SERVICES/judges. Says at
# the end what is missing; a test that needs it is then skipped, or fails under
# JIPYO_REQUIRE_SERVICES=1.
set -u
SERVICES=${JIPYO_SERVICES:-$HOME/.cache/jipyo-services}
BIN=$SERVICES/bin
mkdir -p "$BIN"

packages=(
  chromium poppler-utils postgresql mariadb-server redis-server nginx haproxy
  prometheus victoria-metrics prometheus-alertmanager prometheus-node-exporter prometheus-process-exporter
  prometheus-postgres-exporter prometheus-mysqld-exporter prometheus-redis-exporter
  libreoffice-calc fonts-nanum libfreetype6 prometheus-nginx-exporter rsyslog rsyslog-elasticsearch systemd-journal-remote
)
wanted=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || wanted+=("$package")
done
command -v javac >/dev/null || wanted+=(default-jdk-headless)
command -v mvn >/dev/null || wanted+=(maven)
if ((${#wanted[@]})); then
  # Packages must not start their servers: the tests start their own.
  if [ "$(id -u)" = 0 ] && [ ! -e /usr/sbin/policy-rc.d ]; then
    printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
    chmod 755 /usr/sbin/policy-rc.d
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
  fi
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >"$SERVICES/apt.log" 2>&1
    apt-get install -q -y --no-install-recommends "${wanted[@]}" >>"$SERVICES/apt.log" 2>&1 ||
      echo "apt-get failed: $SERVICES/apt.log"
  else
    echo "not root, or no apt-get: cannot install ${wanted[*]}"
  fi
fi

# Debian lets only one syslog server be installed: the other one is unpacked beside it.
SYSLOG_NG=$SERVICES/syslog-ng
if [ ! -x "$BIN/syslog-ng" ] && command -v apt-get >/dev/null; then
  mkdir -p "$SYSLOG_NG" && (
    cd "$SYSLOG_NG" && apt-get download -q syslog-ng-core syslog-ng-mod-http libivykis0 libnet1 \
      libjson-c5 libwrap0 libpcre3 && for package in *.deb; do dpkg -x "$package" .; done
  ) >>"$SERVICES/apt.log" 2>&1 && cat >"$BIN/syslog-ng" <<END
#!/bin/sh
export LD_LIBRARY_PATH=$SYSLOG_NG/usr/lib/syslog-ng:$SYSLOG_NG/usr/lib/x86_64-linux-gnu:$SYSLOG_NG/lib/x86_64-linux-gnu
exec $SYSLOG_NG/usr/sbin/syslog-ng --module-path=$SYSLOG_NG/usr/lib/syslog-ng/3.38 "\$@"
END
  chmod +x "$BIN/syslog-ng"
fi

go_install() { # name, module@version, further arguments of go install
  local name=$1 module=$2
  shift 2
  [ -x "$BIN/$name" ] && return
  command -v go >/dev/null || return
  echo "building $name from $module"
  GOBIN=$BIN go install "$@" "$module" >>"$SERVICES/go.log" 2>&1
}
go_install prometheus github.com/prometheus/prometheus/cmd/prometheus@v0.316.0 -tags remove_all_sd,netgo
go_install promtool github.com/prometheus/prometheus/cmd/promtool@v0.316.0 -tags remove_all_sd,netgo
go_install node_exporter github.com/prometheus/node_exporter@v1.12.1

# build_apart NAME MODULE VERSION: modules with replace lines are built from an empty one of our own.
build_apart() {
  local name=$1 app=github.com/VictoriaMetrics/$2/app/$1 work
  [ ! -x "$BIN/$name" ] && command -v go >/dev/null || return 0
  echo "building $name"
  work=$(mktemp -d)
  (
    cd "$work" || exit
    go mod init empty && go get "$app@$3" && go build -o "$BIN/$name" "$app"
  ) >>"$SERVICES/go.log" 2>&1
  rm -rf "$work"
}
build_apart victoria-metrics VictoriaMetrics v0.0.0-20250718125606-9d9bea03485e
build_apart victoria-logs VictoriaLogs v1.52.1

bash "$(dirname "$0")/search/fetch.sh" "$SERVICES/search"
bash "$(dirname "$0")/judges/fetch.sh" "$SERVICES/judges"

missing=()
while read -r product version; do
  [ -e "$SERVICES/search/$product-$version/done" ] || missing+=("$product-$version")
done <"$(dirname "$0")/search/versions"
for part in verapdf/done hwpxlib/ReadHwpx.class hwpx/done axe/package/axe.min.js; do
  [ -e "$SERVICES/judges/$part" ] || missing+=("${part%%/*}")
done
for program in prometheus promtool node_exporter victoria-metrics victoria-logs syslog-ng; do
  [ -x "$BIN/$program" ] || missing+=("$program")
done
for program in rsyslogd chromium pdftoppm mariadbd redis-server nginx haproxy prometheus-alertmanager \
  prometheus-{node,process,postgres,mysqld,redis,nginx}-exporter; do
  command -v "$program" >/dev/null || missing+=("$program")
done
compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
if ((${#missing[@]})); then
  echo "services missing: ${missing[*]}"
else
  echo "services: all there"
fi
