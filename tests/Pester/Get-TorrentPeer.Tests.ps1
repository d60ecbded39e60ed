#Requires -Version 7.6
BeforeAll {
    Import-Module ($env:TORRENTPS_MODULE ?? (Join-Path $PSScriptRoot '../../out/TorrentPS')) -Force
    Import-Module (Join-Path $PSScriptRoot 'Fixtures.psm1') -Force
}

Describe 'Get-TorrentPeer' {
    BeforeEach {
        $tracker = [TestTracker]::new()
        $tracker.Peers = '127.0.0.1:7001', '127.0.0.1:7002', '127.0.0.1:7003'
        $torrent = New-TestTorrent -Path (Join-Path $TestDrive 'x.torrent') -Tracker $tracker.Url
    }

    AfterEach { $tracker.Dispose() }

    It 'writes the peers that a tracker returns' {
        $peers = Get-TorrentPeer $torrent.Path -Source Tracker
        $peers | Should -BeOfType TorrentPS.TorrentPeer
        $peers.EndPoint | Sort-Object | Should -Be '127.0.0.1:7001', '127.0.0.1:7002', '127.0.0.1:7003'
        $peers[0].Address | Should -Be '127.0.0.1'
        $peers[0].InfoHash | Should -Be $torrent.InfoHash
        $peers[0].TorrentName | Should -Be 'payload.bin'
        $peers[0].Source | Should -Be 'Tracker'
        $peers[0].Tracker | Should -Be $tracker.Url
    }

    It 'takes torrents from the pipeline' {
        @(Get-TorrentInfo $torrent.Path | Get-TorrentPeer -Source Tracker).Count | Should -Be 3
    }

    It 'takes files and paths from the pipeline' {
        @(Get-Item $torrent.Path | Get-TorrentPeer -Source Tracker).Count | Should -Be 3
        @($torrent.Path | Get-TorrentPeer -Source Tracker).Count | Should -Be 3
    }

    It 'announces a start and then a stop, with the port' {
        $null = Get-TorrentPeer $torrent.Path -Source Tracker -Port 7654
        $tracker.CountEvents('started') | Should -Be 1
        $tracker.CountEvents('stopped') | Should -Be 1
        $tracker.Requests[0] | Should -Match 'port=7654'
    }

    It 'contacts only the trackers of -Tracker' {
        $other = [TestTracker]::new()
        try {
            $other.Peers = '127.0.0.1:7009'
            (Get-TorrentPeer $torrent.Path -Tracker $other.Url -Source Tracker).EndPoint | Should -Be '127.0.0.1:7009'
            $tracker.Requests | Should -BeNullOrEmpty
        }
        finally { $other.Dispose() }
    }

    It 'ends after -MaxPeers' {
        @(Get-TorrentPeer $torrent.Path -Source Tracker -MaxPeers 2).Count | Should -Be 2
        $tracker.CountEvents('stopped') | Should -Be 1
    }

    It 'ends with Select-Object -First 1, and still announces a stop' {
        @(Get-TorrentPeer $torrent.Path -Source Tracker | Select-Object -First 1).Count | Should -Be 1
        $tracker.CountEvents('stopped') | Should -Be 1
    }

    It 'writes the failure reason of a tracker as an error, and that no peer was found' {
        $tracker.Failure = 'go away'
        Get-TorrentPeer $torrent.Path -Source Tracker -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $? | Should -BeFalse
        $failed.FullyQualifiedErrorId | Should -Contain 'TrackerFailure,TorrentPS.Commands.GetTorrentPeerCommand'
        $failed.FullyQualifiedErrorId | Should -Contain 'NoPeers,TorrentPS.Commands.GetTorrentPeerCommand'
        ($failed | Where-Object FullyQualifiedErrorId -Like 'TrackerFailure,*').Exception.Message | Should -Match 'go away'
    }

    It 'writes an error for a tracker that cannot be reached, and the peers of another' {
        $closed = "http://127.0.0.1:$(Get-FreePort)/announce"
        $peers = Get-TorrentPeer $torrent.Path -Tracker $closed, $tracker.Url -Source Tracker -ErrorVariable failed -ErrorAction SilentlyContinue
        @($peers).Count | Should -Be 3
        $failed.FullyQualifiedErrorId | Should -Be 'TrackerUnreachable,TorrentPS.Commands.GetTorrentPeerCommand'
        $failed[0].CategoryInfo.Category | Should -Be 'ConnectionError'
    }

    It 'writes an error when no peer was found' {
        $tracker.Peers = @()
        { Get-TorrentPeer $torrent.Path -Source Tracker -TimeoutSeconds 2 -ErrorAction Stop } | Should -Throw -ErrorId 'NoPeers,TorrentPS.Commands.GetTorrentPeerCommand'
    }

    It 'refuses <Name> <Value>' -ForEach @(
        @{ Name = 'Port'; Value = 0; Id = 'ParameterArgumentValidationError' }
        @{ Name = 'Port'; Value = 65536; Id = 'ParameterArgumentValidationError' }
        @{ Name = 'MaxPeers'; Value = 0; Id = 'ParameterArgumentValidationError' }
        @{ Name = 'TimeoutSeconds'; Value = 0; Id = 'ParameterArgumentValidationError' }
        @{ Name = 'Source'; Value = 'Nowhere'; Id = 'CannotConvertArgumentNoMessage' }
    ) {
        $arguments = @{ $Name = $Value }
        { Get-TorrentPeer $torrent.Path @arguments } | Should -Throw -ErrorId "$Id,TorrentPS.Commands.GetTorrentPeerCommand"
    }

    It 'stops when the pipeline is stopped, after it has announced the stop' {
        $silent = [TestTracker]::new()
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("Import-Module '$((Get-Module TorrentPS).Path -replace 'TorrentPS.dll$', 'TorrentPS.psd1')'; Get-TorrentPeer '$($torrent.Path)' -Tracker '$($tracker.Url)', '$($silent.Url)' -Source Tracker -TimeoutSeconds 60")
            $silent.Silent = $true
            $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
            $running = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
            Wait-Until { $output.Count -ge 3 }
            $output.Count | Should -Be 3
            $running.IsCompleted | Should -BeFalse
            $shell.Stop()
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
            $tracker.CountEvents('stopped') | Should -Be 1
        }
        finally {
            $shell.Dispose()
            $silent.Dispose()
        }
    }
}

Describe 'Get-TorrentPeer -Source Dht' {
    BeforeEach {
        $node = [TestDhtNode]::new()
        $node.Peers = '127.0.0.1:7001', '127.0.0.1:7002'
        $before = $env:TORRENTPS_DHT_NODES
        # One of the two is unreachable, which must not matter.
        $env:TORRENTPS_DHT_NODES = "127.0.0.1:9, $($node.EndPoint)"
        $torrent = New-TestTorrent -Path (Join-Path $TestDrive 'z.torrent')
    }

    AfterEach {
        $env:TORRENTPS_DHT_NODES = $before
        $node.Dispose()
    }

    It 'finds the peers of <Case>' -ForEach @(
        @{ Case = 'a torrent without trackers'; Find = { Get-TorrentPeer $torrent.Path -Source Dht -TimeoutSeconds 30 } }
        @{ Case = 'a magnet link'; Find = { Get-TorrentPeer -Uri "magnet:?xt=urn:btih:$($torrent.InfoHash)" -Source Dht -TimeoutSeconds 30 } }
    ) {
        $peers = & $Find
        $peers.EndPoint | Sort-Object | Should -Be '127.0.0.1:7001', '127.0.0.1:7002'
        $peers.Source | Should -Be 'Dht', 'Dht'
        $peers.InfoHash | Should -Be $torrent.InfoHash, $torrent.InfoHash
        $node.Queries | Should -Contain 'get_peers'
        # A search alone does not announce a peer.
        $node.Queries | Should -Not -Contain 'announce_peer'
    }

    It 'refuses a private torrent, and sends no query' {
        $private = New-TestTorrent -Path (Join-Path $TestDrive 'private.torrent') -Private
        { Get-TorrentPeer $private.Path -Source Dht -ErrorAction Stop } | Should -Throw -ErrorId 'NoPeers,TorrentPS.Commands.GetTorrentPeerCommand'
        $node.Queries | Should -BeNullOrEmpty
    }

    It 'writes an error when no node answers' {
        $env:TORRENTPS_DHT_NODES = '127.0.0.1:9'
        { Get-TorrentPeer $torrent.Path -Source Dht -TimeoutSeconds 2 -ErrorAction Stop } | Should -Throw -ErrorId 'NoPeers,TorrentPS.Commands.GetTorrentPeerCommand'
    }
}

Describe 'Get-TorrentTracker' {
    BeforeAll {
        $tracker = [TestTracker]::new()
        $closed = "http://127.0.0.1:$(Get-FreePort)/announce"
        $torrent = New-TestTorrent -Path (Join-Path $TestDrive 'y.torrent') -Tracker $tracker.Url, $closed
        $results = Get-TorrentInfo $torrent.Path | Get-TorrentTracker -TimeoutSeconds 5
    }

    AfterAll { $tracker.Dispose() }

    It 'writes one object per tracker' {
        $results | Should -BeOfType TorrentPS.TorrentTracker
        $results.Uri.OriginalString | Sort-Object | Should -Be ($tracker.Url, $closed | Sort-Object)
        $results.InfoHash | Should -Be $torrent.InfoHash, $torrent.InfoHash
    }

    It 'has the counts of a tracker that answers' {
        $answer = $results | Where-Object Tier -EQ 0
        $answer.Succeeded | Should -BeTrue
        $answer.Seeders, $answer.Leechers, $answer.Downloads | Should -Be 3, 2, 7
        $answer.Latency | Should -BeOfType timespan
    }

    It 'has the error of a tracker that does not' {
        $answer = $results | Where-Object Tier -EQ 1
        $answer.Succeeded | Should -BeFalse
        $answer.ErrorId | Should -Be 'TrackerUnreachable'
        $answer.Error | Should -Not -BeNullOrEmpty
        $answer.Seeders | Should -BeNullOrEmpty
    }

    It 'has a table that fits, and gives the reason for missing counts in the remaining width' {
        $results | Out-String -Width 120 | Should -Match 'the connection was refused'
        ($results | Out-String -Width 120) -split "`n" | ForEach-Object { $_.TrimEnd().Length | Should -BeLessOrEqual 120 }
    }
}
