import PolicyImport
import PolicyModel
import Testing

@Suite struct UFWTests {
    static func rules(_ prefix: String, _ rules: String) -> String {
        """
        *filter
        :\(prefix)-user-input - [0:0]
        :\(prefix)-user-output - [0:0]
        :\(prefix)-user-forward - [0:0]
        :\(prefix)-before-logging-input - [0:0]
        :\(prefix)-after-logging-input - [0:0]
        :\(prefix)-user-limit - [0:0]
        :\(prefix)-user-limit-accept - [0:0]
        ### RULES ###
        \(rules)
        ### END RULES ###
        ### LOGGING ###
        -A \(prefix)-after-logging-input -j LOG --log-prefix "[UFW BLOCK] " -m limit --limit 3/min --limit-burst 10
        ### END LOGGING ###
        ### RATE LIMITING ###
        -A \(prefix)-user-limit -m limit --limit 3/minute -j LOG --log-prefix "[UFW LIMIT BLOCK] "
        -A \(prefix)-user-limit -j REJECT
        -A \(prefix)-user-limit-accept -j ACCEPT
        ### END RATE LIMITING ###
        COMMIT
        """
    }

    @Test func `user rules of both families stand between the defaults`() throws {
        let four = Self.rules(
            "ufw",
            """
            ### tuple ### allow tcp 22 0.0.0.0/0 any 192.0.2.0/24 in
            -A ufw-user-input -p tcp --dport 22 -s 192.0.2.0/24 -j ACCEPT
            -A ufw-user-input -p tcp -m multiport --dports 80,443 -j ACCEPT
            -A ufw-user-output -p tcp --dport 25 -j DROP
            """)
        let six = Self.rules("ufw6", "-A ufw6-user-input -p tcp -m multiport --dports 80,443 -j ACCEPT")
        let result = try imported(.ufw, ["user.rules": four, "user6.rules": six])
        // Only denials of established connections outwards, which ufw's own rules accept before.
        #expect(result.isComplete, "\(result.missing)")
        #expect(result.findings.contains { $0.reason.contains("defaults of ufw were taken") })
        try check(
            result,
            """
            in e tcp 192.0.2.9 10.0.0.1 22 allow
            in e tcp 192.0.3.9 10.0.0.1 22 deny
            in e tcp 192.0.3.9 10.0.0.1 443 allow
            in e tcp 2001:db8::9 2001:db8::1 443 allow
            in e tcp 2001:db8::9 2001:db8::1 22 deny
            out e tcp 10.0.0.1 192.0.2.9 25 deny
            out e tcp 10.0.0.1 192.0.2.9 26 allow
            """)
        #expect(result.policy.ingress.last?.log == .new && result.policy.ingress.last?.matchesEverything == true)
        let open = try imported(
            .ufw, ["user.rules": four, "user6.rules": six, "ufw": "DEFAULT_INPUT_POLICY=\"ACCEPT\"\nDEFAULT_OUTPUT_POLICY=\"REJECT\"\n"])
        try check(open, "in e tcp 192.0.3.9 10.0.0.1 22 allow\nout e tcp 10.0.0.1 192.0.2.9 26 reject")
    }

    @Test func `what stands before and behind the user's rules is put around them`() throws {
        let before = """
            *filter
            :ufw-before-input - [0:0]
            -A ufw-before-input -i lo -j ACCEPT
            -A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
            -A ufw-before-input -m conntrack --ctstate INVALID -j ufw-logging-deny
            -A ufw-before-input -p icmp --icmp-type echo-request -j ACCEPT
            :ufw-not-local - [0:0]
            -A ufw-before-input -j ufw-not-local
            -A ufw-not-local -m addrtype --dst-type LOCAL -j RETURN
            -A ufw-not-local -j DROP
            COMMIT
            """
        let after = "*filter\n:ufw-after-input - [0:0]\n-A ufw-after-input -p udp --dport 137 -j ufw-skip-to-policy-input\nCOMMIT\n"
        let user = Self.rules("ufw", "-A ufw-user-input -p tcp --dport 22 -j ACCEPT\n-A ufw-user-input -p icmp -j DROP")
        let result = try imported(.ufw, ["user.rules": user, "before.rules": before, "after.rules": after])
        #expect(result.missingLines == [5, 9, 10] && result.missing[0].hasPrefix("before.rules:5: not expressed"), "\(result.missing)")
        try check(
            result,
            """
            in e icmp 192.0.2.9 10.0.0.1 8 allow
            in e icmp 192.0.2.9 10.0.0.1 13 deny
            in e tcp 192.0.2.9 10.0.0.1 22 allow
            in e tcp 192.0.2.9 10.0.0.1 23 deny
            in e udp 192.0.2.9 10.0.0.1 137 deny
            """)
    }

    static let added = """
        Added user rules (see 'ufw status' for running firewall):
        ufw allow 22/tcp
        ufw allow from 192.0.2.0/24 to any port 5432 proto tcp
        ufw deny in on eth1 to any port 80
        ufw allow http
        ufw limit 2222/tcp
        ufw allow 'Nginx Full'
        ufw route allow in on eth0 out on eth1
        ufw deny out 25
        ufw allow from 2001:db8::/32 comment 'the lab'
        """

    @Test func `what ufw show added prints is read`() throws {
        let result = try imported(.ufw, ["added": Self.added])
        #expect(result.missingLines == [6, 7, 8] && result.missing[0].contains("limit no rates"), "\(result.missing)")
        try check(
            result,
            """
            in eth0 tcp 192.0.3.9 10.0.0.1 22 allow
            in eth0 tcp 2001:db9::9 2001:db8::1 22 allow
            in eth0 udp 192.0.3.9 10.0.0.1 22 deny
            in eth0 tcp 192.0.2.9 10.0.0.1 5432 allow
            in eth0 tcp 192.0.3.9 10.0.0.1 5432 deny
            in eth1 tcp 192.0.3.9 10.0.0.1 80 deny
            in eth0 udp 192.0.3.9 10.0.0.1 80 allow
            in eth0 tcp 192.0.3.9 10.0.0.1 2222 deny
            in eth0 gre 2001:db8::9 2001:db8::1 - allow
            out eth0 tcp 10.0.0.1 192.0.2.9 25 deny
            out eth0 tcp 10.0.0.1 192.0.2.9 26 allow
            """)
    }

    @Test func `what ufw status verbose prints is read`() throws {
        let text = """
            Status: active
            Logging: on (low)
            Default: deny (incoming), reject (outgoing), disabled (routed)
            New profiles: skip

            To                         Action      From
            --                         ------      ----
            22/tcp                     ALLOW IN    192.0.2.0/24               # admins
            80,443/tcp                 ALLOW IN    Anywhere
            Anywhere on eth1           DENY IN     198.51.100.7
            192.0.2.1 5353/udp         ALLOW IN    Anywhere
            80,443/tcp (v6)            ALLOW IN    Anywhere (v6)
            OpenSSH                    ALLOW IN    Anywhere

            53                         ALLOW OUT   Anywhere
            """
        let result = try imported(.ufw, ["status": text])
        #expect(result.missingLines == [13], "\(result.missing)")
        try check(
            result,
            """
            in eth0 tcp 192.0.2.9 10.0.0.1 22 allow
            in eth0 tcp 192.0.3.9 10.0.0.1 22 deny
            in eth0 tcp 192.0.3.9 10.0.0.1 443 allow
            in eth1 tcp 198.51.100.7 10.0.0.1 443 allow
            in eth0 udp 192.0.3.9 192.0.2.1 5353 allow
            in eth0 udp 192.0.3.9 192.0.2.2 5353 deny
            in eth0 tcp 2001:db8::9 2001:db8::1 80 allow
            out eth0 udp 10.0.0.1 192.0.2.9 53 allow
            out eth0 udp 2001:db8::1 2001:db8::9 53 reject
            """)
    }

    @Test func `other texts are refused`() {
        for text in ["", "hello\n", "Status: active\nwhat is this\n"] {
            #expect(throws: ImportError.self) { try imported(.ufw, ["x": text]) }
        }
    }
}
