//! Each edit on files as real projects have them: which lines go, which come, and that no other changes.

use super::EditError;
use super::nginx::{Scheme, UpstreamEdit, rewrite};
use super::replace::{Replacement, replace};
use super::yaml::{Scalar, SetScalar, set};

const COMPOSE: &str = include_str!("../../tests/edit/docker-compose.yml");
const VALUES: &str = include_str!("../../tests/edit/values.yaml");
const CONFIG_MAP: &str = include_str!("../../tests/edit/configmap.yaml");
const NGINX: &str = include_str!("../../tests/edit/nginx.conf");

/// The lines that only one of two texts has, with their ends, in their order.
fn changed(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    let diff = similar::TextDiff::from_lines(before, after);
    let (mut gone, mut come) = (Vec::new(), Vec::new());
    for change in diff.iter_all_changes() {
        match change.tag() {
            similar::ChangeTag::Delete => gone.push((*change.value()).to_owned()),
            similar::ChangeTag::Insert => come.push((*change.value()).to_owned()),
            similar::ChangeTag::Equal => {}
        }
    }
    (gone, come)
}

/// The same of lines that are told.
fn lines(gone: &[&str], come: &[&str]) -> (Vec<String>, Vec<String>) {
    let owned = |lines: &[&str]| lines.iter().map(|it| (*it).to_owned()).collect();
    (owned(gone), owned(come))
}

fn put(file: &str, path: &str, value: &str) -> Result<String, EditError> {
    set(
        file,
        &SetScalar {
            path: path.parse()?,
            value: Scalar::Text(value.to_owned()),
        },
    )
}

#[test]
fn one_value_of_a_real_yaml_file_changes_in_its_own_quotes() {
    let rows = [
        (
            COMPOSE,
            "services.db.image",
            "postgres:16",
            "    image: postgres:15.6   # not newer than the replica\n",
            "    image: postgres:16   # not newer than the replica\n",
        ),
        (
            COMPOSE,
            "services.web.image",
            "registry.example:5000/shop/web:2.5.0",
            "    image: \"registry.example:5000/shop/web:2.4.1\"\n",
            "    image: \"registry.example:5000/shop/web:2.5.0\"\n",
        ),
        (
            COMPOSE,
            "services.web.ports.1",
            "444:8443",
            "      - 443:8443\n",
            "      - 444:8443\n",
        ),
        (
            COMPOSE,
            "services.web.ports.0",
            "81:8080",
            "      - \"80:8080\"\n",
            "      - \"81:8080\"\n",
        ),
        (
            COMPOSE,
            "services.web.environment.1",
            "GREETING=it's shut",
            "      - 'GREETING=it''s open: come in # really'\n",
            "      - 'GREETING=it''s shut'\n",
        ),
        (
            COMPOSE,
            "services.web.command.2",
            ":9090, really",
            "    command: [\"/bin/server\", \"--listen\", \":8080\"]\n",
            "    command: [\"/bin/server\", \"--listen\", \":9090, really\"]\n",
        ),
        (
            COMPOSE,
            "services.web.healthcheck.retries",
            "5",
            "    healthcheck: {test: [CMD, curl, -f, \"http://localhost:8080/\"], interval: 30s, retries: 3}\n",
            "    healthcheck: {test: [CMD, curl, -f, \"http://localhost:8080/\"], interval: 30s, retries: 5}\n",
        ),
        (
            COMPOSE,
            "services.db.environment.TZ",
            "Europe/Berlin",
            "      TZ:\n",
            "      TZ: Europe/Berlin\n",
        ),
        (
            COMPOSE,
            "services.db.environment.POSTGRES_PASSWORD",
            "{x}",
            "      POSTGRES_PASSWORD: ${DB_PASSWORD:?set it}\n",
            "      POSTGRES_PASSWORD: \"{x}\"\n",
        ),
        (
            COMPOSE,
            "services.db.deploy.resources.limits.cpus",
            "2.00",
            "        limits: { cpus: '1.50', memory: 512M }\n",
            "        limits: { cpus: '2.00', memory: 512M }\n",
        ),
        (
            VALUES,
            "replicaCount",
            "3",
            "replicaCount: 2\n",
            "replicaCount: 3\n",
        ),
        (
            VALUES,
            "replicaCount",
            "three",
            "replicaCount: 2\n",
            "replicaCount: three\n",
        ),
        (
            VALUES,
            "image.tag",
            "2.8.1",
            "    tag: \"\"\n",
            "    tag: \"2.8.1\"\n",
        ),
        (
            VALUES,
            "storage.minio.endpoint",
            "10.0.0.9:9000",
            "        endpoint: minio.old.example:9000\n",
            "        endpoint: 10.0.0.9:9000\n",
        ),
        (
            VALUES,
            "storage.minio.secure",
            "yes",
            "        secure: no\n",
            "        secure: yes\n",
        ),
        (
            VALUES,
            "storage.backend",
            "no",
            "    backend: MINIO\n",
            "    backend: \"no\"\n",
        ),
        (
            VALUES,
            "ingress.host",
            "shop.example",
            "    host: null\n",
            "    host: shop.example\n",
        ),
        (
            VALUES,
            "ingress.tls.0.hosts.1",
            "three.example",
            "            - two.example\n",
            "            - three.example\n",
        ),
        (
            VALUES,
            "nodeSelector.\"example.com/pool\"",
            "slow",
            "nodeSelector: {kubernetes.io/os: linux, \"example.com/pool\": 'fast'}\n",
            "nodeSelector: {kubernetes.io/os: linux, \"example.com/pool\": 'slow'}\n",
        ),
        (
            CONFIG_MAP,
            "metadata.name",
            "web-conf",
            "  name: nginx-conf\r\n",
            "  name: web-conf\r\n",
        ),
        (
            CONFIG_MAP,
            "data.level",
            "4",
            "  level: \"3\"\r\n",
            "  level: \"4\"\r\n",
        ),
        (CONFIG_MAP, "data.last", "new", "  last: old", "  last: new"),
    ];
    for (file, path, value, gone, come) in rows {
        let after = put(file, path, value).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(changed(file, &after), lines(&[gone], &[come]), "{path}");
        assert!(
            put(&after, path, value).unwrap_err().is_unchanged(),
            "{path}"
        );
    }
}

#[test]
fn what_a_real_yaml_file_holds_otherwise_is_refused_by_name() {
    for (file, path, words) in [
        (COMPOSE, "services.web.logging.driver", "alias"),
        (
            COMPOSE,
            "x-logging.driver",
            "used again by an alias on line 21",
        ),
        (COMPOSE, "services.web.depends_on", "is a list"),
        (COMPOSE, "services.cache.image", "no `cache` in `services`"),
        (COMPOSE, "networks.default", "no `default`"),
        (VALUES, "ingress.annotations", "is a map"),
        (VALUES, "ingress.tls.0.hosts.7", "no item `7`"),
        (CONFIG_MAP, "data.\"nginx.conf\"", "is a block of lines"),
        (CONFIG_MAP, "data.note", "is a block of lines"),
        (CONFIG_MAP, "kind.of", "is a single value"),
    ] {
        let error = put(file, path, "x").unwrap_err();
        assert!(error.to_string().contains(words), "{path}: {error}");
        assert!(error.place().is_some(), "{path}: {error}");
    }
}

fn upstream(scheme: Option<Scheme>, trusted: &[&str]) -> UpstreamEdit {
    UpstreamEdit {
        upstreams: vec!["backend".to_owned()],
        servers: vec!["10.0.0.9:443".to_owned()],
        scheme,
        trusted_includes: trusted.iter().map(|it| (*it).to_owned()).collect(),
    }
}

#[test]
fn an_upstream_of_a_real_nginx_file_leads_elsewhere_and_the_old_lines_stay_as_comments() {
    let servers = vec![
        "\t\t#runsheet# zone backend 64k;\n",
        "\t\t#runsheet# server 10.0.0.5:8080 weight=5; # the old one\n",
        "\t\t#runsheet# server backup.example:8080 backup;\n",
        "\t\t#runsheet# keepalive 16;\n",
        "\t\tserver 10.0.0.9:443;\n",
    ];
    let old = vec![
        "\t\tzone backend 64k;\n",
        "\t\tserver 10.0.0.5:8080 weight=5; # the old one\n",
        "\t\tserver backup.example:8080 backup;\n",
        "\t\tkeepalive 16;\n",
    ];
    let after = rewrite(NGINX, &upstream(None, &[])).unwrap();
    assert_eq!(changed(NGINX, &after), lines(&old, &servers));

    // With a scheme every file that is included could pass requests on, and each must be vouched for.
    let error = rewrite(NGINX, &upstream(Some(Scheme::Https), &[])).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`/etc/nginx/modules-enabled/*.conf` is included"),
        "{error}"
    );
    assert_eq!(error.place().map(|it| it.line), Some(4));
    let trusted = [
        "/etc/nginx/modules-enabled/*.conf",
        "/etc/nginx/conf.d/*.conf",
    ];
    let edit = upstream(Some(Scheme::Https), &trusted);
    let after = rewrite(NGINX, &edit).unwrap();

    let gone = [
        old,
        vec![
            "\t\t\tproxy_pass http://backend;\n",
            "\t\t\tproxy_pass http://backend/v1/$1$is_args$args;\n",
        ],
    ]
    .concat();
    let come = [
        servers,
        vec![
            "\t\t\t#runsheet# proxy_pass http://backend;\n",
            "\t\t\tproxy_pass https://backend;\n",
            "\t\t\t#runsheet# proxy_pass http://backend/v1/$1$is_args$args;\n",
            "\t\t\tproxy_pass https://backend/v1/$1$is_args$args;\n",
        ],
    ]
    .concat();
    assert_eq!(changed(NGINX, &after), lines(&gone, &come));
    assert!(rewrite(&after, &edit).unwrap_err().is_unchanged());
}

#[test]
fn literal_text_of_a_real_file_is_replaced_where_and_as_often_as_was_said() {
    let edit =
        |find: &str, with: &str, count, after: Option<&str>, before: Option<&str>| Replacement {
            find: find.to_owned(),
            replace: with.to_owned(),
            count,
            after: after.map(str::to_owned),
            before: before.map(str::to_owned),
        };
    for (file, edit, gone, come) in [
        (
            NGINX,
            edit("shop.pem", "new.pem", 1, None, None),
            vec!["\t\tssl_certificate     /etc/ssl/shop.pem;\n"],
            vec!["\t\tssl_certificate     /etc/ssl/new.pem;\n"],
        ),
        (
            NGINX,
            edit("default_server", "default_server reuseport", 2, None, None),
            vec![
                "\t\tlisten 80 default_server;\n",
                "\t\tlisten [::]:80 default_server;\n",
            ],
            vec![
                "\t\tlisten 80 default_server reuseport;\n",
                "\t\tlisten [::]:80 default_server reuseport;\n",
            ],
        ),
        (
            COMPOSE,
            edit("image:", "image: mirror/", 1, Some("db:"), Some("volumes:")),
            vec!["    image: postgres:15.6   # not newer than the replica\n"],
            vec!["    image: mirror/ postgres:15.6   # not newer than the replica\n"],
        ),
        (
            CONFIG_MAP,
            edit(
                "server core:3000;\r\n",
                "server 10.0.0.9:443;\r\n",
                1,
                Some("upstream core {"),
                Some("}"),
            ),
            vec!["      server core:3000;\r\n"],
            vec!["      server 10.0.0.9:443;\r\n"],
        ),
        (
            CONFIG_MAP,
            edit("last: old", "", 1, None, None),
            vec!["  last: old"],
            vec!["  "],
        ),
    ] {
        let after = replace(file, &edit).unwrap_or_else(|error| panic!("{edit:?}: {error}"));
        assert_eq!(changed(file, &after), lines(&gone, &come), "{edit:?}");
        let again = replace(&after, &edit).expect_err("it is made once");
        assert!(
            edit.replace.is_empty() || again.is_unchanged(),
            "{edit:?}: {again}"
        );
    }
}
