#Requires -Version 7.6
BeforeAll {
    Import-Module ($env:TORRENTPS_MODULE ?? (Join-Path $PSScriptRoot '../../out/TorrentPS')) -Force
    Import-Module (Join-Path $PSScriptRoot 'Fixtures.psm1') -Force
}

Describe 'Get-TorrentSwarm' {
    BeforeAll {
        $job = Start-TorrentTracker -Address 127.0.0.1 -Port 0 -IntervalSeconds 5 -AsJob
        $torrent = New-TestTorrent -Path (Join-Path $TestDrive 'swarm.torrent') -Name 'swarm' -Tracker $job.AnnounceUri
        $info = Get-TorrentInfo -LiteralPath $torrent.Path
        function Send-Announce([int] $Number, [long] $Left) {
            $hash = $torrent.InfoHash -replace '..', '%$0'
            $null = Invoke-WebRequest "$($job.AnnounceUri)?info_hash=$hash&peer_id=-TP0100-00000000000$Number&port=700$Number&left=$Left&event=started" -SkipHttpErrorCheck
        }
        Send-Announce 1 0
        Send-Announce 2 ([long] ($info.Length / 2))
    }

    AfterAll { Remove-Job $job -Force -ErrorAction Ignore }

    It 'writes a machine each, with what it has' {
        $swarm = Get-TorrentSwarm -LiteralPath $torrent.Path
        $swarm | Should -HaveCount 2
        $swarm[0] | Should -BeOfType TorrentPS.TorrentSwarmPeer
        $swarm.EndPoint | Should -Be '127.0.0.1:7001', '127.0.0.1:7002'
        $swarm.IsComplete | Should -Be $true, $false
        $swarm[0].PercentComplete | Should -Be 100
        $swarm[1].PercentComplete | Should -BeGreaterThan 49
        $swarm[1].PercentComplete | Should -BeLessThan 51
        $swarm.Client | Should -Be 'TorrentPS 0.1.0', 'TorrentPS 0.1.0'
        $swarm[0].LastSeen | Should -BeGreaterThan (Get-Date).AddMinutes(-5)
        ($swarm | Where-Object -not IsComplete).BytesLeft | Should -Be ([long] ($info.Length / 2))
        ($swarm | Format-Table | Out-String) | Should -Match '127\.0\.0\.1:7001'
    }

    It 'takes torrents as Get-TorrentTracker does, and the tracker by its address' {
        (Get-TorrentSwarm $torrent.Path -TimeoutSeconds 15) | Should -HaveCount 2
        ($info | Get-TorrentSwarm) | Should -HaveCount 2
        (Get-TorrentSwarm -InputObject $info -Tracker $job.UdpAnnounceUri) | Should -HaveCount 2
        (Get-TorrentSwarm -Uri "magnet:?xt=urn:btih:$($torrent.InfoHash)&tr=$($job.AnnounceUri)") | Should -HaveCount 2
        (Get-TorrentSwarm $torrent.Path -BindAddress 127.0.0.1) | Should -HaveCount 2
    }

    It 'waits for machines, and says how many there are when the time is up' {
        (Get-TorrentSwarm $torrent.Path -Until 1 -TimeoutSeconds 60) | Should -HaveCount 2
        $swarm = Get-TorrentSwarm $torrent.Path -Until 3 -TimeoutSeconds 0.1 -ErrorVariable failed -ErrorAction SilentlyContinue
        $swarm | Should -HaveCount 2
        $failed.FullyQualifiedErrorId | Should -Be 'DownloadTimedOut,TorrentPS.Commands.GetTorrentSwarmCommand'
        "$failed" | Should -BeLike "1 of 3 machines had 'swarm' complete after 0.1 s.*"
    }

    It 'says why there is no list' {
        $refusing = Start-TorrentTracker -Address 127.0.0.1 -Port 0 -SwarmReader 192.0.2.0/24 -AsJob
        try {
            { Get-TorrentSwarm $torrent.Path -Tracker $refusing.AnnounceUri -ErrorAction Stop } | Should -Throw -ErrorId 'TrackerFailure,*'
            { Start-TorrentTracker -SwarmReader here -AsJob } | Should -Throw "*'here' is not a network: give *"
        }
        finally { Remove-Job $refusing -Force }
        { Get-TorrentSwarm $torrent.Path -Tracker 'http://127.0.0.1:1/announce' -ErrorAction Stop } | Should -Throw -ErrorId 'TrackerUnreachable,*'
        { Get-TorrentSwarm $torrent.Path -Proxy 'socks5://127.0.0.1:1' -ProxyCredential ([pscredential]::new('user', [securestring]::new())) -ErrorAction Stop } | Should -Throw
    }
}
