#Requires -Version 7.6
# The parameters shared by several cmdlets and not tested in their files: each with each of its cmdlets.
BeforeAll {
    Import-Module ($env:TORRENTPS_MODULE ?? (Join-Path $PSScriptRoot '../../out/TorrentPS')) -Force
    Import-Module (Join-Path $PSScriptRoot 'Fixtures.psm1') -Force
    $data = Join-Path $TestDrive 'data'
    $tracker = [TestTracker]::new()
    $torrent = New-TestTorrent -Path (Join-Path $TestDrive 'a [1].torrent') -Name 'payload' -Length 200000 -DataRoot $data -Tracker 'http://127.0.0.1:1/announce'
    $info = Get-TorrentInfo -LiteralPath $torrent.Path
    $notMagnet = 'magnet:?xt=urn:btih:short'

    function Get-TestDestination { Join-Path $TestDrive ([guid]::NewGuid().ToString('n')) }
}

AfterAll {
    $tracker.Dispose()
}

Describe 'Parameters' {
    It 'take only existing kinds of proxy' {
        $proxy = 'ftp://127.0.0.1:1'
        { Get-TorrentInfo -Uri 'http://127.0.0.1:1/a.torrent' -Proxy $proxy } | Should -Throw -ErrorId 'InvalidProxy,*'
        { Get-TorrentPeer -LiteralPath $torrent.Path -Proxy $proxy } | Should -Throw -ErrorId 'InvalidProxy,*'
        { Get-TorrentTracker -LiteralPath $torrent.Path -Proxy $proxy } | Should -Throw -ErrorId 'InvalidProxy,*'
        { Save-Torrent -Uri "magnet:?xt=urn:btih:$($torrent.InfoHash)" (Get-TestDestination) -Proxy $proxy } | Should -Throw -ErrorId 'InvalidProxy,*'
        { Start-TorrentDownload -LiteralPath $torrent.Path (Get-TestDestination) -Proxy $proxy } | Should -Throw -ErrorId 'InvalidProxy,*'
        { Start-TorrentSeed -LiteralPath $torrent.Path $data -Proxy $proxy } | Should -Throw -ErrorId 'InvalidProxy,*'
        { Test-PeerHandshake 127.0.0.1 1 $torrent.InfoHash -Proxy $proxy } | Should -Throw -ErrorId 'InvalidProxy,*'
        { Test-TorrentData -Uri 'http://127.0.0.1:1/a.torrent' $data -Proxy $proxy } | Should -Throw -ErrorId 'InvalidProxy,*'
    }

    It 'refuse addresses with an unusable host name' {
        $unusable = "$('1.' * 60)1ò.$('1.' * 70)oo"
        { Get-TorrentInfo -Uri "http://$unusable/x.torrent" -ErrorAction Stop } | Should -Throw -ErrorId 'TorrentNotFound,*' -ExpectedMessage '*host name*'
        { Get-TorrentInfo "http://$unusable/x.torrent" -ErrorAction Stop } | Should -Throw -ErrorId 'TorrentNotFound,*' -ExpectedMessage '*host name*'
        { Get-TorrentInfo -Uri 'http://127.0.0.1:1/a.torrent' -Proxy "socks5://$unusable" } | Should -Throw -ErrorId 'InvalidProxy,*'
        { Get-TorrentTracker -LiteralPath $torrent.Path -Tracker "udp://${unusable}:1" } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*'
        { New-Torrent $data -WebSeed "http://$unusable/" } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
    }

    It 'take credentials for a proxy only with a proxy' {
        $word = [securestring]::new()
        'word'.ToCharArray() | ForEach-Object { $word.AppendChar($_) }
        $credential = [pscredential]::new('name', $word)
        { Get-TorrentInfo -Uri 'http://127.0.0.1:1/a.torrent' -ProxyCredential $credential } | Should -Throw -ErrorId 'InvalidProxy,*'
        { Get-TorrentPeer -LiteralPath $torrent.Path -ProxyCredential $credential } | Should -Throw -ErrorId 'InvalidProxy,*'
        { Get-TorrentTracker -LiteralPath $torrent.Path -ProxyCredential $credential } | Should -Throw -ErrorId 'InvalidProxy,*'
        { Save-Torrent -Uri "magnet:?xt=urn:btih:$($torrent.InfoHash)" (Get-TestDestination) -ProxyCredential $credential } | Should -Throw -ErrorId 'InvalidProxy,*'
        { Start-TorrentDownload -LiteralPath $torrent.Path (Get-TestDestination) -ProxyCredential $credential } | Should -Throw -ErrorId 'InvalidProxy,*'
        { Start-TorrentSeed -LiteralPath $torrent.Path $data -ProxyCredential $credential } | Should -Throw -ErrorId 'InvalidProxy,*'
        { Test-PeerHandshake 127.0.0.1 1 $torrent.InfoHash -ProxyCredential $credential } | Should -Throw -ErrorId 'InvalidProxy,*'
        { Test-TorrentData -Uri 'http://127.0.0.1:1/a.torrent' $data -ProxyCredential $credential } | Should -Throw -ErrorId 'InvalidProxy,*'
    }

    It 'take only an address or an interface that the machine has' {
        $bind = '203.0.113.77'
        { Get-TorrentInfo -Uri 'http://127.0.0.1:1/a.torrent' -BindAddress $bind } | Should -Throw -ErrorId 'InvalidBindAddress,*'
        { Get-TorrentPeer -LiteralPath $torrent.Path -BindAddress $bind } | Should -Throw -ErrorId 'InvalidBindAddress,*'
        { Get-TorrentTracker -LiteralPath $torrent.Path -BindAddress $bind } | Should -Throw -ErrorId 'InvalidBindAddress,*'
        { Save-Torrent -Uri "magnet:?xt=urn:btih:$($torrent.InfoHash)" (Get-TestDestination) -BindAddress $bind } | Should -Throw -ErrorId 'InvalidBindAddress,*'
        { Start-TorrentDownload -LiteralPath $torrent.Path (Get-TestDestination) -BindAddress $bind } | Should -Throw -ErrorId 'InvalidBindAddress,*'
        { Start-TorrentSeed -LiteralPath $torrent.Path $data -BindAddress $bind } | Should -Throw -ErrorId 'InvalidBindAddress,*'
        { Test-PeerHandshake 127.0.0.1 1 $torrent.InfoHash -BindAddress $bind } | Should -Throw -ErrorId 'InvalidBindAddress,*'
        { Test-TorrentData -Uri 'http://127.0.0.1:1/a.torrent' $data -BindAddress $bind } | Should -Throw -ErrorId 'InvalidBindAddress,*'
    }

    It 'bind the connections of a download to an address' -Skip:(-not $IsLinux) {
        $port = Get-FreePort
        $seed = Start-TorrentSeed -LiteralPath $torrent.Path $data -Port $port -PeerSource Manual -AsJob
        try {
            (Start-TorrentDownload -LiteralPath $torrent.Path (Get-TestDestination) -Peer "127.0.0.1:$port" -Source Manual -BindAddress 127.0.0.5 -StallTimeoutSeconds 300).State | Should -Be 'Completed'
            (Test-PeerHandshake 127.0.0.1 $port $torrent.InfoHash -BindAddress '::1').Status | Should -Be 'Unreachable'
        }
        finally { Stop-TestJob $seed }
    }

    It 'work without a gateway that maps the port' {
        # Loopback has none.
        $seed = Start-TorrentSeed -LiteralPath $torrent.Path $data -PeerSource Manual -SeedSeconds 6 -MapPort -BindAddress 127.0.0.1 -WarningVariable warnings -WarningAction SilentlyContinue
        $seed.State | Should -Be 'Completed'
        "$warnings" | Should -BeLike 'No port is mapped: *'
        $proxied = Start-TorrentDownload -LiteralPath $torrent.Path (Get-TestDestination) -Source Manual -MapPort -Proxy 'socks5://127.0.0.1:1' -StallTimeoutSeconds 1 -WarningVariable warnings -WarningAction SilentlyContinue -ErrorAction SilentlyContinue
        $proxied.State | Should -Not -Be 'Completed'
        "$warnings" | Should -BeLike '*cannot connect through the proxy*'
    }

    It 'take only readable IP filters' {
        $list = Join-Path $TestDrive 'page.html'
        Set-Content $list '<html>', '</html>'
        foreach ($filter in $list, (Join-Path $TestDrive 'gone.p2p'), 'Env:PATH') {
            { Get-TorrentPeer -LiteralPath $torrent.Path -IPFilter $filter } | Should -Throw -ErrorId 'InvalidIPFilter,*'
            { Save-Torrent -Uri "magnet:?xt=urn:btih:$($torrent.InfoHash)" (Get-TestDestination) -IPFilter $filter } | Should -Throw -ErrorId 'InvalidIPFilter,*'
            { Start-TorrentDownload -LiteralPath $torrent.Path (Get-TestDestination) -IPFilter $filter } | Should -Throw -ErrorId 'InvalidIPFilter,*'
            { Start-TorrentSeed -LiteralPath $torrent.Path $data -IPFilter $filter } | Should -Throw -ErrorId 'InvalidIPFilter,*'
            { Test-PeerHandshake 127.0.0.1 1 $torrent.InfoHash -IPFilter $filter } | Should -Throw -ErrorId 'InvalidIPFilter,*'
        }
    }

    It 'keep away from the peers of an IP filter' {
        $list = Join-Path $TestDrive 'list.p2p'
        Set-Content $list 'loopback:127.0.0.1-127.0.0.1', 'not a line'
        $tracker.Peers = '127.0.0.1:7', '127.0.0.2:7'
        $peers = Get-TorrentPeer -InputObject $info -Tracker $tracker.Url -Source Tracker -IPFilter $list -WarningVariable warnings -WarningAction SilentlyContinue
        $peers.EndPoint | Should -Be '127.0.0.2:7'
        "$warnings" | Should -BeLike 'Line 2 of the IP filter*'
        (Test-PeerHandshake 127.0.0.1 7 $torrent.InfoHash -IPFilter $list -WarningAction SilentlyContinue).Error | Should -Be 'The IP filter blocks 127.0.0.1.'
        $port = Get-FreePort
        $seed = Start-TorrentSeed -LiteralPath $torrent.Path $data -Port $port -PeerSource Manual -AsJob
        try {
            $download = @{ LiteralPath = $torrent.Path; Peer = "127.0.0.1:$port"; Source = 'Manual'; StallTimeoutSeconds = 2 }
            (Start-TorrentDownload @download -Destination (Get-TestDestination) -IPFilter $list -ErrorAction SilentlyContinue -WarningAction SilentlyContinue).State | Should -Not -Be 'Completed'
            (Start-TorrentDownload @download -Destination (Get-TestDestination)).State | Should -Be 'Completed'
        }
        finally { Stop-TestJob $seed }
    }

    It 'keep away from peers outside the allowed networks' {
        $tracker.Peers = '127.0.0.1:7', '127.0.0.2:7'
        (Get-TorrentPeer -InputObject $info -Tracker $tracker.Url -Source Tracker -AllowedAddress 127.0.0.2, 10.0.0.0/8).EndPoint | Should -Be '127.0.0.2:7'
        (Test-PeerHandshake 127.0.0.1 7 $torrent.InfoHash -AllowedAddress 127.0.0.2).Error | Should -Be '127.0.0.1 is not among the allowed addresses.'
        $port = Get-FreePort
        $seed = Start-TorrentSeed -LiteralPath $torrent.Path $data -Port $port -PeerSource Manual -AllowedAddress 127.0.0.0/8 -TrafficClass LE -AsJob
        try {
            $download = @{ LiteralPath = $torrent.Path; Peer = "127.0.0.1:$port"; Source = 'Manual'; StallTimeoutSeconds = 2 }
            (Start-TorrentDownload @download -Destination (Get-TestDestination) -AllowedAddress 10.0.0.0/8 -ErrorAction SilentlyContinue).State | Should -Not -Be 'Completed'
            (Start-TorrentDownload @download -Destination (Get-TestDestination) -AllowedAddress 127.0.0.1 -TrafficClass 8 -LimitLocalPeers -AnnounceAddress 192.0.2.1).State | Should -Be 'Completed'
            $link = "magnet:?xt=urn:btih:$($torrent.InfoHash)"
            { Save-Torrent -Uri $link (Get-TestDestination) -Peer "127.0.0.1:$port" -Source Manual -AllowedAddress 10.0.0.0/8 -TimeoutSeconds 2 -ErrorAction Stop } | Should -Throw
            Save-Torrent -Uri $link (Join-Path $TestDrive 'allowed.torrent') -Peer "127.0.0.1:$port" -Source Manual -AllowedAddress 127.0.0.1 -AnnounceAddress 192.0.2.1 | Should -Not -BeNullOrEmpty
        }
        finally { Stop-TestJob $seed }
    }

    It 'refuse invalid networks, announced addresses and traffic classes' {
        { Start-TorrentDownload -LiteralPath $torrent.Path (Get-TestDestination) -AllowedAddress here } | Should -Throw "*'here' is not a network: give *"
        { Start-TorrentSeed -LiteralPath $torrent.Path $data -AllowedAddress 10.0.0.0/33 } | Should -Throw '*is not a network: give *'
        { Get-TorrentPeer -LiteralPath $torrent.Path -AllowedAddress 10.0.0.0/33 } | Should -Throw '*is not a network: give *'
        { Save-Torrent -LiteralPath $torrent.Path (Get-TestDestination) -AllowedAddress 10.0.0.0/33 } | Should -Throw '*is not a network: give *'
        { Test-PeerHandshake 127.0.0.1 1 $torrent.InfoHash -AllowedAddress 10.0.0.0/33 } | Should -Throw '*is not a network: give *'
        { Start-TorrentSeed -LiteralPath $torrent.Path $data -AnnounceAddress 0.0.0.0 } | Should -Throw "*'0.0.0.0' is not an address to announce: give *"
        { Save-Torrent -LiteralPath $torrent.Path (Get-TestDestination) -AnnounceAddress 1 } | Should -Throw "*'1' is not an address to announce: give *"
        { Start-TorrentDownload -LiteralPath $torrent.Path (Get-TestDestination) -TrafficClass 64 } | Should -Throw "*'64' is not a traffic class: give *"
        { Start-TorrentSeed -LiteralPath $torrent.Path $data -TrafficClass AF14 } | Should -Throw "*'AF14' is not a traffic class: give *"
        (TabExpansion2 'Start-TorrentSeed -TrafficClass L').CompletionMatches.CompletionText | Should -Be 'LE'
        (TabExpansion2 'Start-TorrentDownload -AllowedAddress 127').CompletionMatches.CompletionText | Should -Contain '127.0.0.0/8'
    }

    It 'take torrents by parameter as from the pipeline' {
        $listener = [System.Net.Sockets.TcpListener]::new([ipaddress]::Loopback, 0)
        $listener.Start()
        $closed = $listener.LocalEndpoint.Port
        $listener.Stop()
        $tracker.Peers = "127.0.0.1:$closed"
        $peer = Get-TorrentPeer -InputObject $info -Tracker $tracker.Url -Source Tracker
        $peer.EndPoint | Should -Be "127.0.0.1:$closed"
        (Get-TorrentTracker -InputObject $info).Succeeded | Should -BeFalse
        (Test-TorrentData -InputObject $info $data).IsComplete | Should -Not -Contain $false
        (Test-PeerHandshake -InputObject $peer -TimeoutSeconds 5).Status | Should -Be 'Refused'
        (Start-TorrentSeed -InputObject $info $data -PeerSource Manual -SeedSeconds 1 -MaxPeers 3).State | Should -Be 'Completed'
        (Start-TorrentDownload -InputObject $info $data -Source Manual).State | Should -Be 'Completed'
        $saved = Get-TestDestination
        Save-Torrent -InputObject $info "$saved.torrent" | Should -Not -BeNullOrEmpty
        (Get-TorrentInfo "$saved.torrent").InfoHash | Should -Be $info.InfoHash
    }

    It 'find a name with brackets with -LiteralPath' {
        $saved = "$(Get-TestDestination).torrent"
        Save-Torrent -LiteralPath $torrent.Path $saved | Should -Not -BeNullOrEmpty
        (Get-TorrentInfo $saved).InfoHash | Should -Be $info.InfoHash
        $tracker.Peers = '127.0.0.1:7'
        (Get-TorrentPeer -LiteralPath $torrent.Path -Tracker $tracker.Url -Source Tracker).EndPoint | Should -Be '127.0.0.1:7'
        (Get-TorrentTracker -LiteralPath $torrent.Path -TimeoutSeconds 5).Succeeded | Should -BeFalse
    }

    It 'report the flaw of a magnet link' {
        { Get-TorrentTracker -Uri $notMagnet -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidMagnetUri,*'
        { Save-Torrent -Uri $notMagnet (Get-TestDestination) -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidMagnetUri,*'
        { Start-TorrentSeed -Uri $notMagnet $data -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidMagnetUri,*'
        { Test-TorrentData -Uri $notMagnet $data -ErrorAction Stop } | Should -Throw -ErrorId 'InvalidMagnetUri,*'
    }

    It 'do not prompt with -Confirm:$false, whatever the preference' {
        $ConfirmPreference = 'Low'
        $made = New-Torrent (Join-Path $data 'payload') -Destination "$(Get-TestDestination).torrent" -Confirm:$false
        $made | Should -Not -BeNullOrEmpty
        Save-Torrent -InputObject $info "$(Get-TestDestination).torrent" -Confirm:$false | Should -Not -BeNullOrEmpty
        (Start-TorrentSeed -InputObject $info $data -PeerSource Manual -SeedSeconds 1 -Confirm:$false).State | Should -Be 'Completed'
        (Start-TorrentDownload -InputObject $info $data -Source Manual -Confirm:$false).State | Should -Be 'Completed'
        $job = Start-TorrentTracker -Address 127.0.0.1 -Port 0 -AsJob -Confirm:$false
        try { $job.State | Should -Be 'Running' } finally { Remove-Job $job -Force -Confirm:$false }
    }

    It 'use web seeds, but not with -NoWebSeed' {
        $server = [TestTracker]::new()
        try {
            $payload = Join-Path $data 'payload'
            $server.File = [System.IO.File]::ReadAllBytes($payload)
            $file = "$(Get-TestDestination).torrent"
            $null = New-Torrent $payload -Destination $file -WebSeed ($server.Url -replace '/announce$', '/payload')

            $without = Start-TorrentDownload $file (Get-TestDestination) -Source Manual -NoWebSeed -StallTimeoutSeconds 2 -ErrorVariable failed -ErrorAction SilentlyContinue
            # There is no other source.
            $without.State | Should -Be 'Failed'
            $without.BytesCompleted | Should -Be 0
            $failed.FullyQualifiedErrorId | Should -Be 'NoPeers,TorrentPS.Commands.StartTorrentDownloadCommand'
            $server.Requests | Should -BeNullOrEmpty

            $with = Start-TorrentDownload $file (Get-TestDestination) -Source Manual -StallTimeoutSeconds 300
            $with.State | Should -Be 'Completed'
            (Get-FileHash $with.Path).Hash | Should -Be (Get-FileHash $payload).Hash
            $server.Requests | Should -Contain '/payload'
        }
        finally { $server.Dispose() }
    }

    It 'say when a download was complete, and how long it may stay' {
        $payload = Join-Path $data 'payload'
        $folder = Get-TestDestination
        $null = New-Item $folder -ItemType Directory
        Copy-Item $payload $folder
        $file = "$folder.torrent"
        $null = New-Torrent $payload -Destination $file
        $result = Start-TorrentDownload $file $folder -Source Manual -StaySeconds 0
        $result.CompletedAt | Should -BeOfType ([System.DateTimeOffset])
        { Start-TorrentDownload $file $folder -StaySeconds -1 } | Should -Throw
    }

    It 'download from the web seeds of the command, after a delay for peers' {
        $server = [TestTracker]::new()
        try {
            $payload = Join-Path $data 'payload'
            $server.File = [System.IO.File]::ReadAllBytes($payload)
            $file = "$(Get-TestDestination).torrent"
            $null = New-Torrent $payload -Destination $file
            $result = Start-TorrentDownload $file (Get-TestDestination) -Source Manual -NoWebSeed -WebSeed ($server.Url -replace '/announce$', '/payload') -WebSeedDelaySeconds 1 -StallTimeoutSeconds 300
            $result.State | Should -Be 'Completed'
            $result.Elapsed.TotalSeconds | Should -BeGreaterOrEqual 1
            $server.Requests | Should -Contain '/payload'
            { Start-TorrentDownload $file (Get-TestDestination) -WebSeed 'ftp://mirror.example/x' } | Should -Throw "*'ftp://mirror.example/x' is not a web address. Give one that begins with http:// or https://.*"
            { Start-TorrentDownload $file (Get-TestDestination) -WebSeedDelaySeconds -1 } | Should -Throw
        }
        finally { $server.Dispose() }
    }

    It 'ask the trackers of -Tracker besides those of the torrent, and announce to them' {
        $asked = [TestTracker]::new()
        $port = Get-FreePort
        $plain = Get-TorrentInfo (New-TestTorrent -Path "$(Get-TestDestination).torrent" -Name 'asked' -DataRoot $data).Path
        $plain.Trackers | Should -BeNullOrEmpty
        $seed = $plain | Start-TorrentSeed -Source $data -Port $port -PeerSource Tracker -Tracker $asked.Url -AsJob
        try {
            Wait-Until { $asked.CountEvents('started') -gt 0 }
            $asked.Peers = "127.0.0.1:$port"
            $result = $plain | Start-TorrentDownload -Destination (Get-TestDestination) -Source Tracker -Tracker $asked.Url -StallTimeoutSeconds 300
            $result.State | Should -Be 'Completed'
            $saved = Save-Torrent -Uri "magnet:?xt=urn:btih:$($plain.InfoHash)" -Destination "$(Get-TestDestination).torrent" -Source Tracker -Tracker $asked.Url
            $saved.Trackers[0][0] | Should -Be $asked.Url
            ($plain | Get-TorrentTracker -Tracker $asked.Url, 'udp://127.0.0.1:1' -TimeoutSeconds 1).Uri.Port | Sort-Object | Should -Be 1, ([uri]$asked.Url).Port
            { $plain | Start-TorrentDownload -Tracker 'wss://tracker.example' } | Should -Throw -ErrorId 'ParameterArgumentTransformationError,*'
        }
        finally {
            Stop-TestJob $seed
            $asked.Dispose()
        }
    }

    It 'connect to peers only over the transport of -Transport' {
        $port = Get-FreePort
        $seed = Start-TorrentSeed -LiteralPath $torrent.Path $data -Port $port -PeerSource Manual -Transport Utp -AsJob
        try {
            $deadline = [datetime]::UtcNow.AddSeconds(30)
            do { $answer = Test-PeerHandshake 127.0.0.1 $port $torrent.InfoHash -Transport Utp } until ($answer.Succeeded -or [datetime]::UtcNow -gt $deadline)
            $answer.Status | Should -Be 'Succeeded'
            (Test-PeerHandshake 127.0.0.1 $port $torrent.InfoHash -Transport Tcp).Succeeded | Should -BeFalse

            $from = @{ Uri = "magnet:?xt=urn:btih:$($torrent.InfoHash)"; Peer = "127.0.0.1:$port"; Source = 'Manual' }
            $none = "$(Get-TestDestination).torrent"
            Save-Torrent @from -Destination $none -Transport Tcp -TimeoutSeconds 2 -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
            $failed | Should -Not -BeNullOrEmpty
            $none | Should -Not -Exist
            (Save-Torrent @from -Destination "$(Get-TestDestination).torrent" -Transport Utp).InfoHash | Should -Be $torrent.InfoHash
        }
        finally { Stop-TestJob $seed }
    }

    It 'make a seeder with -SuperSeed send everything to a lone peer' {
        $port = Get-FreePort
        $seed = Start-TorrentSeed -LiteralPath $torrent.Path $data -Port $port -PeerSource Manual -SuperSeed -AsJob
        try {
            $result = Start-TorrentDownload -LiteralPath $torrent.Path (Get-TestDestination) -Peer "127.0.0.1:$port" -Source Manual -StallTimeoutSeconds 300
            $result.State | Should -Be 'Completed'
        }
        finally { Stop-TestJob $seed }
    }

    It 'make a tracker serve the info hashes of both versions, with its interval' {
        $second = 'ab' * 32
        $job = Start-TorrentTracker -Address 127.0.0.1 -Port 0 -InfoHash $torrent.InfoHash -InfoHashV2 $second -IntervalSeconds 77 -AsJob
        try {
            foreach ($hash in $torrent.InfoHash, $second.Substring(0, 40), ('cd' * 20)) {
                $query = "$($job.AnnounceUri)?info_hash=$($hash -replace '..', '%$0')&peer_id=-XX0000-123456789012&port=7001&left=0"
                $content = (Invoke-WebRequest $query -SkipHttpErrorCheck).Content
                $answer = $content -is [byte[]] ? [System.Text.Encoding]::Latin1.GetString($content) : $content
                $answer | Should -Match ($hash -like 'cd*' ? 'failure reason' : '8:intervali77e')
            }
        }
        finally { Remove-Job $job -Force }
    }
}
