/// Descriptions in the shape that browsers and servers write; all names, keys and addresses are made up.
enum Samples {
    static let chromiumOffer = """
        v=0
        o=- 5187462930517462930 2 IN IP4 127.0.0.1
        s=-
        t=0 0
        a=group:BUNDLE 0 1 2
        a=extmap-allow-mixed
        a=msid-semantic: WMS 0b7c5a0e-stream
        m=audio 53121 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126
        c=IN IP4 192.0.2.44
        a=rtcp:9 IN IP4 0.0.0.0
        a=candidate:3134781592 1 udp 2122260223 4c3b0a52-7d5c-4b7e-9a51-5d3a0f1f6b9e.local 53121 typ host generation 0 network-id 1 network-cost 10
        a=candidate:842163049 1 udp 1686052607 192.0.2.44 53121 typ srflx raddr 0.0.0.0 rport 0 generation 0 network-id 1 network-cost 10
        a=candidate:2245074553 1 tcp 1518280447 2001:db8::44 9 typ host tcptype active generation 0 network-id 2
        a=ice-ufrag:Qx7w
        a=ice-pwd:t0pS3cretIcePasswordXyZ0
        a=ice-options:trickle
        a=fingerprint:sha-256 3E:88:7B:0F:11:A2:5C:D4:96:E0:7A:13:2B:9D:44:F0:61:5E:C7:28:8A:B3:0D:59:FE:12:6C:97:45:D8:31:AA
        a=setup:actpass
        a=mid:0
        a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
        a=extmap:2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time
        a=extmap:3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01
        a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
        a=sendrecv
        a=msid:0b7c5a0e-stream 7d1e-audio
        a=rtcp-mux
        a=rtcp-rsize
        a=rtpmap:111 opus/48000/2
        a=rtcp-fb:111 transport-cc
        a=fmtp:111 minptime=10;useinbandfec=1
        a=rtpmap:63 red/48000/2
        a=fmtp:63 111/111
        a=rtpmap:9 G722/8000
        a=rtpmap:0 PCMU/8000
        a=rtpmap:8 PCMA/8000
        a=rtpmap:13 CN/8000
        a=rtpmap:110 telephone-event/48000
        a=rtpmap:126 telephone-event/8000
        a=ssrc:1399694169 cname:fKq0xS0m3CnAmE
        a=ssrc:1399694169 msid:0b7c5a0e-stream 7d1e-audio
        m=video 9 UDP/TLS/RTP/SAVPF 96 97 103 104 45 46
        c=IN IP4 0.0.0.0
        b=AS:2500
        a=rtcp:9 IN IP4 0.0.0.0
        a=ice-ufrag:Qx7w
        a=ice-pwd:t0pS3cretIcePasswordXyZ0
        a=ice-options:trickle
        a=fingerprint:sha-256 3E:88:7B:0F:11:A2:5C:D4:96:E0:7A:13:2B:9D:44:F0:61:5E:C7:28:8A:B3:0D:59:FE:12:6C:97:45:D8:31:AA
        a=setup:actpass
        a=mid:1
        a=extmap:14 urn:ietf:params:rtp-hdrext:toffset
        a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid
        a=sendrecv
        a=msid:0b7c5a0e-stream 55aa-video
        a=rtcp-mux
        a=rtcp-rsize
        a=rtpmap:96 VP8/90000
        a=rtcp-fb:96 goog-remb
        a=rtcp-fb:96 transport-cc
        a=rtcp-fb:96 ccm fir
        a=rtcp-fb:96 nack
        a=rtcp-fb:96 nack pli
        a=rtpmap:97 rtx/90000
        a=fmtp:97 apt=96
        a=rtpmap:103 H264/90000
        a=fmtp:103 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42001f
        a=rtpmap:104 rtx/90000
        a=fmtp:104 apt=103
        a=rtpmap:45 AV1/90000
        a=rtpmap:46 rtx/90000
        a=fmtp:46 apt=45
        a=ssrc-group:FID 2231627014 632943048
        a=ssrc:2231627014 cname:fKq0xS0m3CnAmE
        a=ssrc:632943048 cname:fKq0xS0m3CnAmE
        m=application 9 UDP/DTLS/SCTP webrtc-datachannel
        c=IN IP4 0.0.0.0
        a=ice-ufrag:Qx7w
        a=ice-pwd:t0pS3cretIcePasswordXyZ0
        a=ice-options:trickle
        a=fingerprint:sha-256 3E:88:7B:0F:11:A2:5C:D4:96:E0:7A:13:2B:9D:44:F0:61:5E:C7:28:8A:B3:0D:59:FE:12:6C:97:45:D8:31:AA
        a=setup:actpass
        a=mid:2
        a=sctp-port:5000
        a=max-message-size:262144

        """

    static let firefoxOffer = """
        v=0
        o=mozilla...THIS_IS_SDPARTA-128.0 4611731400430051336 0 IN IP4 0.0.0.0
        s=-
        t=0 0
        a=fingerprint:sha-256 3e:88:7b:0f:11:a2:5c:d4:96:e0:7a:13:2b:9d:44:f0:61:5e:c7:28:8a:b3:0d:59:fe:12:6c:97:45:d8:31:aa
        a=group:BUNDLE 0 1
        a=ice-options:trickle
        a=msid-semantic:WMS *
        m=audio 9 UDP/TLS/RTP/SAVPF 109 9 0 8 101
        c=IN IP4 0.0.0.0
        a=sendrecv
        a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level
        a=extmap:2/recvonly urn:ietf:params:rtp-hdrext:csrc-audio-level
        a=extmap:3 urn:ietf:params:rtp-hdrext:sdes:mid
        a=fmtp:109 maxplaybackrate=48000;stereo=1;useinbandfec=1
        a=fmtp:101 0-15
        a=ice-pwd:0123456789abcdef0123456789abcdef
        a=ice-ufrag:5c0a7d1b
        a=mid:0
        a=msid:{c7b3} {a1f0}
        a=rtcp-mux
        a=rtpmap:109 opus/48000/2
        a=rtpmap:9 G722/8000/1
        a=rtpmap:0 PCMU/8000
        a=rtpmap:8 PCMA/8000
        a=rtpmap:101 telephone-event/8000/1
        a=setup:actpass
        a=ssrc:3172190651 cname:{f0e1}
        m=video 0 UDP/TLS/RTP/SAVPF 120 124
        c=IN IP4 0.0.0.0
        a=bundle-only
        a=sendrecv
        a=fmtp:120 max-fs=12288;max-fr=60
        a=fmtp:124 apt=120
        a=ice-pwd:0123456789abcdef0123456789abcdef
        a=ice-ufrag:5c0a7d1b
        a=mid:1
        a=rtcp-fb:* nack
        a=rtcp-fb:120 nack pli
        a=rtcp-fb:120 ccm fir
        a=rtcp-mux
        a=rtcp-rsize
        a=rtpmap:120 VP8/90000
        a=rtpmap:124 rtx/90000
        a=setup:actpass

        """

    /// A browser of the years when JsSIP was young: RTP/SAVPF, no BUNDLE, GICE leftovers.
    static let oldBrowserOffer = """
        v=0
        o=- 20518 0 IN IP4 203.0.113.1
        s=-
        t=0 0
        m=audio 54609 RTP/SAVPF 111 0 8 126
        c=IN IP4 203.0.113.1
        a=rtcp:54609 IN IP4 203.0.113.1
        a=candidate:1077141117 1 udp 2113937151 192.168.1.20 54609 typ host generation 0
        a=candidate:1077141117 2 udp 2113937150 192.168.1.20 54610 typ host generation 0
        a=ice-ufrag:aYq2
        a=ice-pwd:aaaaaaaaaaaaaaaaaaaaaaaa
        a=ice-options:google-ice
        a=fingerprint:sha-1 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB
        a=setup:actpass
        a=sendrecv
        a=rtcp-mux
        a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0a2V5c2VjcmV0a2V5c2VjcmV0a2V5c2Vj
        a=rtpmap:111 opus/48000/2
        a=fmtp:111 minptime=10
        a=rtpmap:0 PCMU/8000
        a=rtpmap:8 PCMA/8000
        a=rtpmap:126 telephone-event/8000
        a=maxptime:60
        a=ssrc:3570614608 mslabel:oldstream
        a=ssrc:3570614608 label:oldstream00

        """

    static let asteriskOffer = """
        v=0
        o=- 1443 2 IN IP4 198.51.100.7
        s=Asterisk
        c=IN IP4 198.51.100.7
        t=0 0
        a=msid-semantic:WMS *
        a=group:BUNDLE audio-0
        m=audio 15266 UDP/TLS/RTP/SAVPF 0 8 107 101
        a=connection:new
        a=setup:actpass
        a=fingerprint:SHA-256 3E:88:7B:0F:11:A2:5C:D4:96:E0:7A:13:2B:9D:44:F0:61:5E:C7:28:8A:B3:0D:59:FE:12:6C:97:45:D8:31:AA
        a=ice-ufrag:2b1c3d4e5f
        a=ice-pwd:00112233445566778899aabb
        a=candidate:Hc6336407 1 UDP 2130706431 198.51.100.7 15266 typ host
        a=candidate:S5e1 1 UDP 1694498815 203.0.113.9 15266 typ srflx raddr 198.51.100.7 rport 15266
        a=rtpmap:0 PCMU/8000
        a=rtpmap:8 PCMA/8000
        a=rtpmap:107 opus/48000/2
        a=fmtp:107 useinbandfec=1
        a=rtpmap:101 telephone-event/8000
        a=fmtp:101 0-16
        a=ptime:20
        a=maxptime:140
        a=sendrecv
        a=rtcp-mux
        a=ssrc:1066113230 cname:7a1c
        a=mid:audio-0
        a=rtcp-fb:* transport-cc

        """

    static let freeSwitchAnswer = """
        v=0
        o=FreeSWITCH 1700000000 1700000001 IN IP4 198.51.100.20
        s=FreeSWITCH
        c=IN IP4 198.51.100.20
        t=0 0
        a=msid-semantic: WMS kX0pQ
        m=audio 24312 UDP/TLS/RTP/SAVPF 111 110
        a=rtpmap:111 opus/48000/2
        a=fmtp:111 useinbandfec=1; minptime=10
        a=rtpmap:110 telephone-event/48000
        a=silenceSupp:off - - - -
        a=ptime:20
        a=sendrecv
        a=fingerprint:sha-256 3E:88:7B:0F:11:A2:5C:D4:96:E0:7A:13:2B:9D:44:F0:61:5E:C7:28:8A:B3:0D:59:FE:12:6C:97:45:D8:31:AA
        a=setup:active
        a=rtcp-mux
        a=rtcp:24312 IN IP4 198.51.100.20
        a=ice-ufrag:wZ3mVQ9dK1cXbN7e
        a=ice-pwd:pLm4Tz8Rk2Ws6Yv0Qa1Xc3Vb
        a=candidate:6829104531 1 udp 2130706431 198.51.100.20 24312 typ host generation 0
        a=end-of-candidates
        a=ssrc:3893042713 cname:nq2H

        """

    /// Every kind of line of RFC 8866 §5, with a repeat time, a zone and a key, and multicast addresses.
    static let conference = """
        v=0
        o=jdoe 3724394400 3724394405 IN IP4 198.51.100.1
        s=Call to John Smith
        i=SDP Offer #1
        u=http://www.jdoe.example.com/home.html
        e=Jane Doe <jane@jdoe.example.com>
        p=+1 617 555-6011
        c=IN IP4 233.252.0.1/127
        b=X-YZ:128
        t=3724394400 3724398000
        r=604800 3600 0 90000
        z=3730928400 -1h 3749680800 0
        k=clear:geheim
        a=recvonly
        m=audio 49170/2 RTP/AVP 0
        i=the only sound
        c=IN IP4 233.252.0.2/127/3
        b=TIAS:64000
        m=video 51372 RTP/AVP 99
        x=an unknown line
        nothing that looks like a line
        a=rtpmap:99 h263-1998/90000

        """

    static let all = [chromiumOffer, firefoxOffer, oldBrowserOffer, asteriskOffer, freeSwitchAnswer, conference]
}
