//! Component Pack's move to a second cluster, in the lab: by both ways of the data, and stopped by each hazard.

use std::time::Duration;

use crate::e2e::home::Home;
use crate::e2e::lab::{Lab, in_the_lab, in_the_lab_at_length};
use crate::e2e::record::assert_recorded;
use crate::e2e::rehearsal::{Hazard, Rehearsal};
use crate::e2e::terminal::Terminal;
use crate::e2e::walk::{end, go_back_until, go_on_until, words_to_type};

const WORLD: &str = "component-pack";
const DUMP: &str = "tests/lab/worlds/component-pack/answers.toml";
const COPY: &str = "tests/lab/worlds/component-pack/answers-copy.toml";

/// Production is served by the old cluster, all of it, and Connections publishes there.
const SERVED_BY_OLD: (&str, &str) = (
    "front",
    r#"ask() { path=$1; shift; curl -q -sS -f --max-time 20 --connect-to ::127.0.0.1:443 "https://connections.lab$path" "$@"; }
       ask /itm/items -i | grep -qi '^Component-Cluster: cp-old' && test "$(ask /itm/items | jq length)" -ge 400 &&
       ask /files/customizer/banner.js -i | grep -qi '^Component-Cluster: cp-old'"#,
);
const REDIS_IS_OLD: (&str, &str) = (
    "ihs",
    r#"grep -q '"c2.export.redis.host": *"cp-old"' /var/lib/connections/settings.json"#,
);
/// The old side's data is as it was, and no route leads to the new one: everything can still be taken back.
const OLD_DATA: (&str, &str) = (
    "nfs-old",
    "for part in mongo5-node-0 opensearch-data-0 customizations; do
       diff -r -x runsheet-dump -x stray /opt/lab/seed/$part /pv-connections/$part || exit 1; done",
);
const ROUTES_ARE_OLD: (&str, &str) = (
    "ihs-2",
    "test $(grep -c http://cp-old:32080 /opt/IBM/HTTPServer/conf/httpd.conf) -ge 10 && ! grep -q cp-new /opt/IBM/HTTPServer/conf/httpd.conf",
);

fn rehearsal<'a>(lab: &'a Lab, answers: &'a str) -> Rehearsal<'a> {
    Rehearsal {
        lab,
        runbook: "component-pack-side-by-side",
        environment: "lab",
        answers,
    }
}

#[test]
fn component_pack_moves_by_dump_and_restore() {
    in_the_lab(WORLD, "Component Pack by dump and restore", |lab| {
        let report = rehearsal(lab, DUMP).to_the_end(&[]);
        assert!(report.contains("Component Pack side by side"), "{report}");
        assert_moved(lab);
    });
}

#[test]
fn an_operator_moves_component_pack_in_the_wizard() {
    in_the_lab_at_length(WORLD, "Component Pack in the wizard", |lab| {
        rehearsal(lab, DUMP).by_hand();
        assert_moved(lab);
    });
}

#[test]
fn component_pack_moves_by_a_copy_of_its_volumes() {
    in_the_lab_at_length(WORLD, "Component Pack by a copy of the volumes", |lab| {
        rehearsal(lab, COPY).to_the_end(&[]);
        assert_moved(lab);
    });
}

/// Everything is as the migration promises.
fn assert_moved(lab: &Lab) {
    for (machine, script) in [
        // Every document and every file, by both HTTP servers and by the proxy.
        ("front", "ask() { curl -q -sS -f --connect-to ::$1:443 https://connections.lab$2; }
           for server in ihs ihs-2 127.0.0.1; do
             test \"$(ask $server /itm/items | jq length)\" = 400 && test \"$(ask $server /social/items | jq length)\" = 150 &&
             test \"$(ask $server '/itm/search?q=ember' | jq length)\" -gt 50 || exit 1; done
           ask 127.0.0.1 /files/customizer/colours.js | grep -q '^// colours.js'"),
        ("front", "curl -q -sS -f -i --connect-to ::127.0.0.1:443 https://connections.lab/appregistry/items | grep -qi '^Component-Cluster: cp-new'"),
        // What Connections publishes is taken up by the new cluster, and can be found.
        ("front", "post() { curl -q -sS -f --connect-to ::127.0.0.1:443 https://connections.lab/homepage/events -d '{\"_id\":\"after\",\"text\":\"afterwards\"}'; }
           test \"$(post | jq .heard)\" = 1 && for i in 1 2 3 4 5 6 7 8 9 10; do
             curl -q -sS -f --connect-to ::127.0.0.1:443 'https://connections.lab/itm/search?q=afterwards' | grep -q after && exit; sleep 0.5; done; exit 1"),
        // A mapping that nobody would have guessed.
        ("cp-new", "curl -sSf http://cp-new:30098/itm-entries/_mapping | grep -q german"),
        // The old side stands still, and has what it had.
        ("cp-old", "test -z \"$(kubectl -n connections get pods -o 'jsonpath={.items[?(@.status.phase==\"Running\")].metadata.name}')\""),
        OLD_DATA,
        // Nothing is left behind.
        ("admin", "! test -e /root/component-pack-migration"),
        ("nfs-old", "test -z \"$(ls /root/.ssh | grep migration)\" && ! test -e /pv-connections/mongo5-node-0/data/db/runsheet-dump"),
        ("nfs-new", "! grep -q runsheet- /root/.ssh/authorized_keys && test -z \"$(find -L /pv-connections-8 -name 'runsheet-*')\""),
    ] {
        lab.on(machine, script);
    }
}

/// By hand to the last gate before the point of no return, and back from there step by step.
#[test]
fn taken_back_before_the_switch_it_leaves_customers_with_the_old_cluster() {
    in_the_lab_at_length(WORLD, "Component Pack's way back", |lab| {
        let (home, patience) = (Home::new(), Duration::from_secs(60));
        let runbook = lab.runbook(&home, "component-pack-side-by-side");
        let words = ["run", &runbook, "--env", "lab", "--as", "ana"];
        let mut ana = Terminal::start("ana", home.in_terminal(&words), 24, 80);
        go_on_until(&ana, "the gate of reload-ihs", |screen| {
            words_to_type(screen).is_some_and(|words| words == "lead customers to new")
        });
        go_back_until(&ana, "the end of what can be taken back", |screen| {
            screen.contains("nothing to take back")
        });
        end(&ana, "the window was called off");
        ana.wait_for("ended before its last step", patience);
        ana.press("\r");
        assert_eq!(ana.wait_exit(patience), 3, "ended before the last step");
        for (machine, script) in [SERVED_BY_OLD, REDIS_IS_OLD, OLD_DATA, ROUTES_ARE_OLD] {
            lab.on(machine, script);
        }
        lab.on("cp-new", "! kubectl get namespace connections 2>/dev/null");
        lab.on(
            "front",
            "! grep -v '^ *#' /etc/nginx/nginx.conf | grep cp-new",
        );
        lab.on("nfs-new", "! grep -q runsheet- /root/.ssh/authorized_keys");
        lab.on("admin", "! test -e /root/component-pack-migration");
        let report = assert_recorded(&home);
        assert!(report.contains("the window was called off"), "{report}");
    });
}

/// With the marks of a production that nothing has happened to.
fn before_the_freeze<'a>(what: &'a str, stops_at: &'a str) -> Hazard<'a> {
    [SERVED_BY_OLD, REDIS_IS_OLD, OLD_DATA, ROUTES_ARE_OLD]
        .into_iter()
        .fold(Hazard::new(what, stops_at), |hazard, (machine, script)| {
            hazard.unharmed(machine, script)
        })
}

/// With the marks of a migration that can still be taken back without loss.
fn before_the_switch<'a>(what: &'a str, stops_at: &'a str) -> Hazard<'a> {
    [REDIS_IS_OLD, OLD_DATA, ROUTES_ARE_OLD]
        .into_iter()
        .fold(Hazard::new(what, stops_at), |hazard, (machine, script)| {
            hazard.unharmed(machine, script)
        })
}

#[test]
fn what_is_wrong_with_the_old_side_is_found_before_anything_is_built() {
    in_the_lab(WORLD, "hazards of the old side", |lab| {
        rehearsal(lab, DUMP).stops_before_harm(&[
            before_the_freeze("old and new are mixed up in the kubeconfig", "two-clusters")
                .switch("admin", "sed -i 's/cp-old:/cp-x:/; s/cp-new:/cp-old:/; s/cp-x:/cp-new:/' /root/.kube/config"),
            before_the_freeze("both contexts are one cluster", "two-clusters")
                .switch("admin", "sed -i 's/cp-new:/cp-old:/' /root/.kube/config"),
            before_the_freeze("an earlier try has left its namespace", "two-clusters").switch(
                "cp-new",
                "printf 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: connections\n' | kubectl create -f -",
            ),
            before_the_freeze("one of two HTTP servers has a route more", "routes-now")
                .switch("ihs-2", r#"sed -i 's|^    ProxyPass "/itm".*|&\n    ProxyPass "/itm2" "http://cp-old:32080/itm"|' /opt/IBM/HTTPServer/conf/httpd.conf"#),
            before_the_freeze("a route stands in a file that httpd.conf includes", "routes-now")
                .switch("ihs-2", r#"echo 'ProxyPass "/extra" "http://cp-old:32080/extra"' >/opt/IBM/HTTPServer/conf/extra/extra.conf"#),
            before_the_freeze("somebody has left a mistake for the next reload", "routes-now")
                .switch("ihs", "echo 'ProxyPas /x http://x/' >/opt/IBM/HTTPServer/conf/extra/late.conf"),
            before_the_freeze("the proxy leads to the old cluster in two places", "front-now")
                .switch("front", "sed -i 's|server cp-old:30301;|&\\n        server cp-old:30302 backup;\\n        server cp-old:30301;|' /etc/nginx/nginx.conf"),
            before_the_freeze("a volume that nobody thought of", "inventory").switch("cp-old", FOURTH_VOLUME),
            before_the_freeze("a volume whose files go when its claim goes", "inventory").switch(
                "cp-old",
                r#"kubectl patch pv mongo5-node-0 -p '{"spec":{"persistentVolumeReclaimPolicy":"Recycle"}}'"#,
            ),
            Hazard::new("Connections publishes to a Redis of its own already", "redis-now")
                .switch("ihs", r#"echo '{"c2.export.redis.host":"elsewhere","c2.export.redis.port":"6379"}' >/var/lib/connections/settings.json"#)
                .unharmed(SERVED_BY_OLD.0, SERVED_BY_OLD.1)
                .unharmed("ihs", "grep -q elsewhere /var/lib/connections/settings.json"),
        ]);
    });
}

const FOURTH_VOLUME: &str = r#"mkdir -p /srv/nfs/nfs-old/files/pv-connections/forgotten
kubectl create -f - <<END
apiVersion: v1
kind: PersistentVolume
metadata: {name: forgotten}
spec:
  accessModes: [ReadWriteMany]
  capacity: {storage: 1Gi}
  persistentVolumeReclaimPolicy: Retain
  nfs: {server: nfs-old, path: /pv-connections/forgotten}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: forgotten, namespace: connections}
spec:
  accessModes: [ReadWriteMany]
  volumeName: forgotten
  resources: {requests: {storage: 1Gi}}
END
until kubectl -n connections get pvc forgotten -o 'jsonpath={.status.phase}' | grep -q Bound; do sleep 0.2; done"#;

#[test]
fn what_is_wrong_with_the_new_cluster_is_found_before_customers_notice() {
    in_the_lab_at_length(WORLD, "hazards of the new cluster", |lab| {
        rehearsal(lab, DUMP).stops_before_harm(&[
            before_the_freeze("the new nodes do not know Connections' name", "network")
                .switch("cp-new", "sed 's/internal.connections.lab//' /etc/hosts >/run/hosts && cat /run/hosts >/etc/hosts"),
            before_the_freeze("a firewall stands between the new nodes and Connections", "network").switch(
                "cp-new",
                "nft 'add table inet wall; add chain inet wall out { type filter hook output priority 0; }; add rule inet wall out tcp dport 443 reject'",
            ),
            before_the_freeze("the new volumes are the old ones by another name", "nfs-apart").switch(
                "nfs-new",
                "rm /pv-connections-8 && ln -s /srv/nfs/nfs-old/files/pv-connections /pv-connections-8",
            )
            .unharmed("nfs-old", "rm -f /pv-connections/runsheet-was-here"),
            before_the_freeze("the NFS server does not export the new folders", "nfs-folders")
                .switch("nfs-new", ": >/srv/nfs/nfs-new/exports"),
            before_the_freeze("a value names the old cluster in a way of its own", "values").switch(
                "cp-old",
                "/app/helm upgrade customizer /opt/lab/world/charts/customizer -n connections -f /opt/lab/world/cluster/values/customizer.yaml --set hook=http://cp-old:9000/ >/dev/null",
            ),
            before_the_freeze("bootstrap would lead Connections' Redis over at once", "values").switch(
                "admin",
                "cd /opt/component-pack/charts/bootstrap && sed -i /skip_configure/d values.yaml && sed -i 's/{{ .Values.env.skip_configure_redis }}/false/' templates/job.yaml",
            ),
            before_the_freeze("the chart gives MongoDB's claim the folder of OpenSearch", "volumes").switch(
                "admin",
                "sed -i 's/volumeName: mongo5-node-0/volumeName: x/; s/volumeName: opensearch-data-0/volumeName: mongo5-node-0/; s/volumeName: x/volumeName: opensearch-data-0/' /opt/component-pack/charts/connections-volumes/templates/volumes.yaml",
            ),
            before_the_freeze("the password of the registry was changed since", "bootstrap").switch(
                "cp-old",
                r#"config=$(printf '{"auths":{"registry.lab":{"auth":"b2xkOm9sZA=="}}}' | base64 -w 0)
                   kubectl -n connections patch secret myregkey -p "{\"data\":{\".dockerconfigjson\":\"$config\"}}""#,
            ),
            before_the_freeze("the DNS of the pods does not know Connections, and bootstrap ends well all the same", "bootstrap")
                .switch("cp-new", "touch /etc/lab/hazards/pods-do-not-resolve"),
            before_the_freeze("somebody changed the old config map by hand", "connections-env").switch(
                "cp-old",
                r#"kubectl -n connections patch configmap connections-env -p '{"data":{"interservice-scheme":"http"}}'"#,
            ),
            before_the_freeze("the registry has another version of a chart by now", "install-charts")
                .switch("admin", "sed -i 's/^version:.*/version: 9.0.0/' /opt/component-pack/charts/mongo5/Chart.yaml"),
            before_the_freeze("an image of the new cluster's charts is not there", "install-charts")
                .switch("admin", "sed -i 's/tag: .*/tag: 0.0.0/' /opt/component-pack/charts/orientme/values.yaml"),
            before_the_freeze("a firewall stands between an HTTP server and the new ingress", "still-old").switch(
                "ihs-2",
                "nft 'add table inet wall; add chain inet wall out { type filter hook output priority 0; }; add rule inet wall out ip daddr '$(getent hosts cp-new | cut -d \" \" -f 1)' tcp dport 32080 reject'",
            ),
        ]);
        rehearsal(lab, COPY).stops_before_harm(&[before_the_freeze(
            "the files are to be copied to a MongoDB of another version",
            "same-versions",
        )
        .switch(
            "admin",
            "sed -i 's/tag: .*/tag: 7.0.5/' /opt/component-pack/charts/mongo5/values.yaml",
        )]);
    });
}

#[test]
fn what_goes_wrong_with_the_data_is_found_before_the_point_of_no_return() {
    in_the_lab_at_length(WORLD, "hazards of the data", |lab| {
        rehearsal(lab, DUMP).stops_before_harm(&[
            before_the_switch("mongodump leaves a collection out, and ends well", "dump-mongo").switch(
                "cp-old",
                "rm /app && cp -r /opt/lab/world/programs /app && sed -i 's/sorted(ask(\"\"))/&[1:]/' /app/mongodump",
            ),
            before_the_switch("mongorestore loses a document, and says done", "restore-mongo").switch(
                "cp-new",
                "rm /app && cp -r /opt/lab/world/programs /app && sed -i 's/= list(bson.decode_all(file.read()))/&[1:]/' /app/mongorestore",
            ),
            before_the_switch("the search engine refuses documents, and elasticdump ends well", "restore-search")
                .switch("cp-new", "touch /etc/lab/hazards/search-refuses-some"),
            Hazard::new("something that is no deployment writes into the old database", "old-unchanged")
                .switch("cp-old", STRAY_WRITER)
                .unharmed(REDIS_IS_OLD.0, REDIS_IS_OLD.1)
                .unharmed(ROUTES_ARE_OLD.0, ROUTES_ARE_OLD.1)
                .unharmed("cp-old", "grep -q stray /srv/nfs/nfs-old/files/pv-connections/mongo5-node-0/data/db/itm/entries.jsonl"),
            before_the_switch("an autoscaler starts the old services again", "still-frozen").switch("cp-old", AUTOSCALER),
        ]);
    });
}

const STRAY_WRITER: &str = r#"cat >/root/stray <<'END'
until test -e /srv/nfs/nfs-new/files/pv-connections-8/mongo5-node-0/data/db/runsheet-dump/recommend/communities.metadata.json; do sleep 0.1; done
sleep 1
curl -s -d '[{"_id":"stray","text":"stray"}]' "http://$(kubectl -n connections get pod mongo5-0 -o 'jsonpath={.status.podIP}'):27017/itm/entries"
END
setsid sh /root/stray >/dev/null 2>&1 </dev/null &"#;

const AUTOSCALER: &str = r#"cat >/root/autoscaler <<'END'
until test -e /srv/nfs/nfs-new/files/pv-connections-8/mongo5-node-0/data/db/runsheet-dump/recommend/communities.metadata.json; do sleep 0.1; done
kubectl -n connections scale deployment/mw-proxy --replicas=2
END
setsid sh /root/autoscaler >/dev/null 2>&1 </dev/null &"#;
