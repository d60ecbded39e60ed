#Requires -Version 7.6
BeforeAll {
    Import-Module ($env:TORRENTPS_MODULE ?? (Join-Path $PSScriptRoot '../../out/TorrentPS')) -Force
    Import-Module (Join-Path $PSScriptRoot 'Fixtures.psm1') -Force
}

Describe 'Start-TorrentTracker -AsJob' {
    BeforeEach {
        $job = Start-TorrentTracker -Address 127.0.0.1 -Port 0 -AsJob
    }

    AfterEach { Remove-Job $job -Force -ErrorAction Ignore }

    It 'writes a running job with its addresses' {
        $job | Should -BeOfType System.Management.Automation.Job
        $job.State | Should -Be 'Running'
        (Get-Job -Id $job.Id).InstanceId | Should -Be $job.InstanceId
        $job.AnnounceUri | Should -Match '^http://127\.0\.0\.1:\d+/announce$'
        $job.UdpAnnounceUri | Should -Be ($job.AnnounceUri -replace '^http', 'udp')
        $listener = Receive-Job $job
        $listener | Should -BeOfType TorrentPS.TrackerListener
        $listener.AnnounceUri | Should -Be $job.AnnounceUri
        $listener.EndPoint | Should -Be $job.EndPoint
        $job.HasMoreData | Should -BeFalse
    }

    It 'answers over HTTP and UDP, for the same torrents' {
        $torrent = New-TestTorrent -Path (Join-Path $TestDrive 'x.torrent') -Tracker $job.AnnounceUri, $job.UdpAnnounceUri
        $announce = "$($job.AnnounceUri)?info_hash=$($torrent.InfoHash -replace '..', '%$0')&peer_id=-XX0000-123456789012&port=7001&left=0&event=started"
        $null = Invoke-WebRequest $announce -SkipHttpErrorCheck
        foreach ($tracker in $job.AnnounceUri, $job.UdpAnnounceUri) {
            (Get-TorrentPeer $torrent.Path -Tracker $tracker -Source Tracker).EndPoint | Should -Be '127.0.0.1:7001'
        }
        $counts = Get-TorrentTracker $torrent.Path
        $counts.Seeders | Should -Be 1, 1
        $counts.Succeeded | Should -Be $true, $true
        $job.PeerCount | Should -Be 1
        $job.TorrentCount | Should -Be 1
        # One sent by the test; a start and a stop for each search.
        $job.Announces | Should -Be 5
        $job.Scrapes | Should -Be 2
        $job.StatusMessage | Should -Be '1 peer of 1 torrent, 5 announces'
    }

    It 'ends with Stop-Job, and releases the port' {
        Stop-Job $job
        $job.State | Should -Be 'Stopped'
        $again = Start-TorrentTracker -Address 127.0.0.1 -Port $job.AnnounceUri.Port -AsJob
        try { $again.AnnounceUri | Should -Be $job.AnnounceUri }
        finally { Remove-Job $again -Force }
    }

    It 'writes an error when the port is in use' {
        { Start-TorrentTracker -Address 127.0.0.1 -Port $job.AnnounceUri.Port -AsJob } | Should -Throw -ErrorId 'CannotListen,TorrentPS.Commands.StartTorrentTrackerCommand' -ExceptionType ([TorrentPS.Engine.Errors.TorrentException])
    }
}

Describe 'Start-TorrentTracker' {
    It 'lists the address that a client announces where that is trusted' {
        foreach ($trusts in $true, $false) {
            $job = Start-TorrentTracker -Address 127.0.0.1 -Port 0 -TrustAnnouncedAddress:$trusts -AsJob
            try {
                $torrent = New-TestTorrent -Path (Join-Path $TestDrive 'trusted.torrent') -Tracker $job.AnnounceUri
                $null = Invoke-WebRequest "$($job.AnnounceUri)?info_hash=$($torrent.InfoHash -replace '..', '%$0')&peer_id=-XX0000-123456789012&port=7001&left=0&event=started&ip=192.0.2.9" -SkipHttpErrorCheck
                (Get-TorrentPeer $torrent.Path -Source Tracker).EndPoint | Should -Be ($trusts ? '192.0.2.9:7001' : '127.0.0.1:7001')
            }
            finally { Remove-Job $job -Force }
        }
    }

    It 'serves only the torrents of the pipeline' {
        $served = New-TestTorrent -Path (Join-Path $TestDrive 'served.torrent')
        $other = New-TestTorrent -Path (Join-Path $TestDrive 'other.torrent') -Name 'other.bin'
        $job = Get-TorrentInfo $served.Path | Start-TorrentTracker -Address 127.0.0.1 -Port 0 -AsJob
        try {
            Get-TorrentPeer $served.Path -Tracker $job.UdpAnnounceUri -Source Tracker -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed.FullyQualifiedErrorId | Should -Be 'NoPeers,TorrentPS.Commands.GetTorrentPeerCommand'
            Get-TorrentPeer $other.Path -Tracker $job.UdpAnnounceUri -Source Tracker -ErrorAction SilentlyContinue -ErrorVariable failed
            $failed.FullyQualifiedErrorId | Should -Contain 'TrackerFailure,TorrentPS.Commands.GetTorrentPeerCommand'
        }
        finally { Remove-Job $job -Force }
    }

    It 'does not serve all torrents when the pipeline was empty' {
        @() | Start-TorrentTracker -Address 127.0.0.1 -Port 0 -AsJob | Should -BeNullOrEmpty
    }

    It 'runs in the foreground until the pipeline is stopped' {
        $listener = Start-TorrentTracker -Address 127.0.0.1 -Port 0 -Protocol Udp | Select-Object -First 1
        $listener.AnnounceUri | Should -Match '^udp:'
        $listener.UdpAnnounceUri | Should -Be $listener.AnnounceUri
        $again = Start-TorrentTracker -Address 127.0.0.1 -Port $listener.Port -Protocol Udp | Select-Object -First 1
        $again.Port | Should -Be $listener.Port
    }

    It 'starts nothing with -WhatIf' {
        Start-TorrentTracker -Address 127.0.0.1 -Port 0 -AsJob -WhatIf | Should -BeNullOrEmpty
    }

    It 'refuses an invalid info hash' {
        { Start-TorrentTracker -InfoHash 'abc' -WhatIf } | Should -Throw -ErrorId 'ParameterArgumentValidationError*'
    }
}
