//! The Pachyderm migration in the lab: to another Kubernetes cluster, and to a namespace beside the old one,
//! without anybody; and what goes wrong in it, one by one.

use crate::e2e::lab::{Lab, in_the_lab, in_the_lab_at_length};
use crate::e2e::rehearsal::{Hazard, Rehearsal};

/// Three pipelines run on the cluster that the operator's own files name, and the fourth does not.
const RUN: &str = "test \"$(pachctl list pipeline | grep -c RUNNING)\" = 3";
/// Nothing was deployed beside it.
const ALONE: &str = "all=$(kubectl --context=new get deployments -o name) && test -z \"$all\"";
/// What comes from outside is put into a cluster, and all of it has arrived.
const LOADS: &str = "loader-control status | grep ':30650 running' && loader-control check";
/// That is the old one.
const LOADS_OLD: &str =
    "loader-control status | grep -E '^(old|[0-9.]+[.]21):30650 running' && loader-control check";

fn rehearsal<'a>(lab: &'a Lab, environment: &'a str, answers: &'a str) -> Rehearsal<'a> {
    Rehearsal {
        lab,
        runbook: "pachyderm-migration",
        environment,
        answers,
    }
}

fn to_another_cluster(lab: &Lab) -> Rehearsal<'_> {
    let answers = "tests/lab/worlds/pachyderm/answers.toml";
    rehearsal(lab, "lab", answers)
}

fn to_a_namespace(lab: &Lab) -> Rehearsal<'_> {
    let answers = "tests/lab/worlds/pachyderm/answers-namespace.toml";
    rehearsal(lab, "lab-namespace", answers)
}

/// Asserts that the new cluster has taken over, by asking it and not the runbook.
fn assert_migrated(lab: &Lab, kube: &str, namespace: &str) {
    let left = "kubectl --context=old --namespace=default get deployments,services -l suite=pachyderm -o name";
    assert_eq!(lab.on("admin", left), "", "what is left of the old cluster");
    let asked = format!(
        "export PACH_CONFIG=/tmp/new.json KUBECONFIG=/tmp/new.kube
        kubectl --kubeconfig=/root/.kube/config config view --raw --minify --context={kube} >$KUBECONFIG
        pachctl-new config import-kube new --namespace={namespace} --overwrite
        pachctl-new version; pachctl-new list pipeline; pachctl-new get file images@master:image-03 | head -n 1
        pachctl-new get file montage@master:image-11 | head -n 1"
    );
    let said = lab.on("admin", &asked);
    for line in [
        "pachd               1.10.0",
        "edges PIPELINE_RUNNING JOB_SUCCESS",
        "montage PIPELINE_RUNNING JOB_SUCCESS",
        // Somebody had stopped it on purpose.
        "purge PIPELINE_PAUSED JOB_SUCCESS",
        "totals PIPELINE_RUNNING JOB_SUCCESS",
        "image 3",
        "IMAGE 11",
    ] {
        assert!(said.lines().any(|said| said == line), "`{line}`:\n{said}");
    }
    lab.on("loader", LOADS);
}

#[test]
fn the_old_cluster_works_until_another_one_has_taken_over() {
    in_the_lab("pachyderm", "the Pachyderm migration", |lab| {
        let report = to_another_cluster(lab).to_the_end(&[]);
        assert!(report.contains("Pachyderm migration"), "{report}");
        assert_migrated(lab, "new", "default");
        stops_before_harm(lab);
    });
}

#[test]
fn an_operator_moves_to_another_cluster_in_the_wizard() {
    in_the_lab_at_length("pachyderm", "Pachyderm in the wizard", |lab| {
        to_another_cluster(lab).by_hand();
        assert_migrated(lab, "new", "default");
    });
}

#[test]
fn one_cluster_holds_the_old_and_the_new_in_namespaces_of_their_own() {
    in_the_lab_at_length("pachyderm", "Pachyderm to another namespace", |lab| {
        to_a_namespace(lab).to_the_end(&[]);
        assert_migrated(lab, "old", "pachyderm-new");
    });
}

/// The programs are stand-ins, and keep the same objects as the other cloud's.
fn with_the_programs_of(cloud: &str) {
    let what = format!("Pachyderm with the programs of {cloud}");
    in_the_lab_at_length("pachyderm", &what, |lab| {
        let environment = format!("lab-{cloud}");
        let answers = "tests/lab/worlds/pachyderm/answers.toml";
        let rehearsal = rehearsal(lab, &environment, answers);
        rehearsal.to_the_end(&[]);
        assert_migrated(lab, "new", "default");
        let bucket = format!("bucket-{cloud}");
        rehearsal.stops_before_harm(&[
            Hazard::new("the new bucket is left from an earlier try", &bucket)
                .switch("store", "mkdir -p /var/lib/s3/pach-new/objects && echo kept >/var/lib/s3/pach-new/objects/x")
                .unharmed("store", "test \"$(ls /var/lib/s3/pach-new/objects)\" = x && grep kept /var/lib/s3/pach-new/objects/x"),
            Hazard::new("an object is not copied, and the copy is said to be well", "compare-objects")
                .switch("store", "ls /var/lib/s3/pach-old/objects | sed 's/.*%2F//' | sed -n 5p >/var/lib/s3-hazards/lose-copy")
                .unharmed("admin", ALONE),
        ]);
    });
}

#[test]
fn the_programs_of_google_do_the_same() {
    with_the_programs_of("google");
}

#[test]
fn the_programs_of_microsoft_do_the_same() {
    with_the_programs_of("microsoft");
}

fn stops_before_harm(lab: &Lab) {
    to_another_cluster(lab).stops_before_harm(&[
        Hazard::new("pachctl was upgraded in place", "tools")
            .switch("admin", "cp /opt/lab/world/admin/download/pachctl-1.10.0 /usr/local/bin/pachctl")
            .unharmed("admin", RUN),
        Hazard::new("the download is not what was released", "install-pachctl")
            .words(&["--set", "PACHCTL_SHA256=0000000000000000000000000000000000000000000000000000000000000000"])
            .unharmed("admin", "test ! -e /usr/local/bin/pachctl-new"),
        Hazard::new("both clusters are given one bucket", "sides")
            .words(&["--set", "NEW_BUCKET=pach-old"])
            .unharmed("admin", ALONE),
        Hazard::new("pipelines crash before anything is done", "list-pipelines")
            .switch("admin", "kubectl delete clusterrole pachyderm")
            .unharmed("loader", LOADS_OLD),
        Hazard::new("a port is taken that another is moved to", "close-ports")
            .switch("admin", r#"echo '{"apiVersion":"v1","kind":"Service","metadata":{"name":"other"},"spec":{"type":"NodePort","ports":[{"port":80,"nodePort":30648}]}}' | kubectl create -f -"#)
            // Not one of them was moved.
            .unharmed("admin", r#"test "$(kubectl get service pachd -o json | jq -c '[.spec.ports[].nodePort]')" = '[30650,30651,30652,30654,30655,30600]'"#),
        Hazard::new("somebody loads whom nobody has paused", "unchanged")
            .switch("loader", "setsid python3 /opt/lab/world/loader/rogue.py >/dev/null 2>&1 </dev/null &")
            .unharmed("admin", ALONE),
        Hazard::new("the new bucket is left from an earlier try", "bucket-amazon")
            .switch("store", "mkdir -p /var/lib/s3/pach-new/objects && echo kept >/var/lib/s3/pach-new/objects/x")
            .unharmed("store", "test \"$(ls /var/lib/s3/pach-new/objects)\" = x && grep kept /var/lib/s3/pach-new/objects/x"),
        Hazard::new("an object is not copied, and the copy is said to be well", "compare-objects")
            .switch("store", "ls /var/lib/s3/pach-old/objects | sed 's/.*%2F//' | sed -n 5p >/var/lib/s3-hazards/lose-copy")
            .unharmed("admin", ALONE),
        Hazard::new("the loader cannot reach the new cluster", "new-reachable")
            .switch("loader", r#"nft "add table inet wall; add chain inet wall out { type filter hook output priority 0; }; add rule inet wall out ip daddr $(getent hosts new | cut -d ' ' -f 1) drop""#)
            .unharmed("loader", LOADS_OLD),
        Hazard::new("the new cluster holds something already", "new-empty")
            .switch("new", r#"echo '{"repos":{"theirs":{"commits":[]}},"pipelines":{}}' >/var/lib/kube/pachd-default.json"#)
            .unharmed("new", "grep theirs /var/lib/kube/pachd-default.json && ! grep images /var/lib/kube/pachd-default.json"),
        Hazard::new("the backup ends early, and nobody says so", "count-new")
            .switch("admin", "echo 3 >/var/lib/pachctl-hazards/short-extract")
            .unharmed("loader", LOADS_OLD),
        Hazard::new("the checkpoint is one too early", "point-loading")
            .switch("loader", "touch /var/lib/loader-hazards/early")
            .unharmed("admin", "kubectl --context=old get deployment pachd"),
    ]);
    to_a_namespace(lab).stops_before_harm(&[Hazard::new(
        "the new cluster would take the old one's roles",
        "deploy",
    )
    .switch("admin", "touch /var/lib/pachctl-hazards/no-local-roles")
    .unharmed("admin", r#"test "$(kubectl get clusterrolebinding pachyderm -o json | jq -r '.subjects[0].namespace')" = default"#)]);
}
