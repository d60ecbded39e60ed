#Requires -Version 7.6
BeforeAll {
    Import-Module ($env:TORRENTPS_MODULE ?? (Join-Path $PSScriptRoot '../../out/TorrentPS')) -Force
    Import-Module (Join-Path $PSScriptRoot 'Fixtures.psm1') -Force
    $hash = '0123456789abcdef0123456789abcdef01234567'
    $peer = [TestPeer]::new($hash, $false)
    $wrong = [TestPeer]::new('f' * 40, $false)
    $silent = [TestPeer]::new($hash, $true)
    $closed = Get-FreePort
}

AfterAll { $peer, $wrong, $silent | ForEach-Object Dispose }

Describe 'Test-PeerHandshake' {
    It 'shows the client that answers' {
        $result = Test-PeerHandshake 127.0.0.1 $peer.Port $hash
        $result | Should -BeOfType TorrentPS.PeerHandshake
        $result.Succeeded | Should -BeTrue
        $result.Status | Should -Be 'Succeeded'
        $result.EndPoint | Should -Be "127.0.0.1:$($peer.Port)"
        $result.InfoHash | Should -Be $hash
        $result.PeerId | Should -Be '-qB4520-abcdefghijkl'
        $result.Client | Should -Be 'qBittorrent 4.5.2'
        $result.Reserved | Should -Be '0000000000000005'
        $result.SupportsDht | Should -BeTrue
        $result.SupportsFast | Should -BeTrue
        $result.SupportsExtensions | Should -BeFalse
        $result.Latency | Should -BeOfType timespan
        $result.Error | Should -BeNullOrEmpty
    }

    It 'writes a result, and no error, for a peer that does not answer: <Status>' -ForEach @(
        @{ Status = 'Refused'; Peer = 'closed' }
        @{ Status = 'WrongInfoHash'; Peer = 'wrong' }
        @{ Status = 'TimedOut'; Peer = 'silent' }
    ) {
        $port = switch ($Peer) { 'closed' { $closed } 'wrong' { $wrong.Port } 'silent' { $silent.Port } }
        $result = Test-PeerHandshake 127.0.0.1 $port $hash -TimeoutSeconds 1 -Encryption Off -ErrorVariable failed
        $failed | Should -BeNullOrEmpty
        $result.Status | Should -Be $Status
        $result.Succeeded | Should -BeFalse
        $result.Error | Should -Not -BeNullOrEmpty
    }

    It 'takes objects by property name' {
        $results = [pscustomobject]@{ Address = '127.0.0.1'; Port = $peer.Port; InfoHash = $hash }, [pscustomobject]@{ Address = 'localhost'; Port = $peer.Port; InfoHash = $hash } | Test-PeerHandshake
        $results.Count | Should -Be 2
        $results[0].Succeeded | Should -BeTrue
    }

    It 'takes peers read from a file' {
        $file = Join-Path $TestDrive 'peers.csv'
        [pscustomobject]@{ Address = '127.0.0.1'; Port = $peer.Port; InfoHash = $hash } | Export-Csv $file
        (Import-Csv $file | Test-PeerHandshake).Succeeded | Should -BeTrue
    }

    It 'writes true or false with -Quiet' {
        Test-PeerHandshake 127.0.0.1 $peer.Port $hash -Quiet | Should -BeTrue
        $answer = Test-PeerHandshake 127.0.0.1 $closed $hash -Quiet
        $answer | Should -BeOfType bool
        $answer | Should -BeFalse
    }

    It 'tests peers at once: a silent one does not delay the others' {
        $inputs = @($silent.Port) + @($peer.Port) * 10 | ForEach-Object { [pscustomobject]@{ Address = '127.0.0.1'; Port = $_; InfoHash = $hash } }
        $results = $inputs | Test-PeerHandshake -TimeoutSeconds 3 -Encryption Off
        $results.Count | Should -Be 11
        $results[-1].Status | Should -Be 'TimedOut'
        ($results | Where-Object Succeeded).Count | Should -Be 10
    }

    It 'tests no more than -ThrottleLimit at once' {
        $inputs = @($silent.Port) + @($peer.Port) | ForEach-Object { [pscustomobject]@{ Address = '127.0.0.1'; Port = $_; InfoHash = $hash } }
        ($inputs | Test-PeerHandshake -TimeoutSeconds 1 -ThrottleLimit 1 -Encryption Off).Status | Should -Be 'TimedOut', 'Succeeded'
    }

    It 'ends with Select-Object -First 1 while other tests are still running' {
        $inputs = @($peer.Port) + @($silent.Port) * 5 | ForEach-Object { [pscustomobject]@{ Address = '127.0.0.1'; Port = $_; InfoHash = $hash } }
        # The silent peers would take a minute.
        $watch = [System.Diagnostics.Stopwatch]::StartNew()
        @($inputs | Test-PeerHandshake -TimeoutSeconds 60 -Encryption Off | Select-Object -First 1).Count | Should -Be 1
        $watch.Elapsed.TotalSeconds | Should -BeLessThan 30
    }

    It 'stops when the pipeline is stopped' {
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("Import-Module '$((Get-Module TorrentPS).Path -replace 'TorrentPS.dll$', 'TorrentPS.psd1')'; 'ready'; Test-PeerHandshake 127.0.0.1 $($silent.Port) $hash -TimeoutSeconds 60 -Encryption Off")
            $output = [System.Management.Automation.PSDataCollection[psobject]]::new()
            $null = $shell.BeginInvoke([System.Management.Automation.PSDataCollection[psobject]]::new(), $output)
            Wait-Until { $output.Count -ge 1 }
            $shell.Stop()
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
            $output | Should -Be 'ready'
        }
        finally { $shell.Dispose() }
    }

    It 'writes an error for a host name without an address, and continues' {
        $results = [pscustomobject]@{ Address = 'no-such-host.invalid'; Port = 1; InfoHash = $hash }, [pscustomobject]@{ Address = '127.0.0.1'; Port = $peer.Port; InfoHash = $hash } |
            Test-PeerHandshake -ErrorVariable failed -ErrorAction SilentlyContinue
        @($results).Count | Should -Be 1
        $failed.FullyQualifiedErrorId | Should -Be 'UnknownHost,TorrentPS.Commands.TestPeerHandshakeCommand'
    }

    It 'refuses an invalid info hash' {
        { Test-PeerHandshake 127.0.0.1 1 'zz' } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
    }

    It 'has a table that fits' {
        (Test-PeerHandshake 127.0.0.1 $peer.Port $hash | Out-String -Width 120) | Should -Match "127\.0\.0\.1:$($peer.Port)\s+Succeeded\s+[\d.]+ ms\s+False\s+qBittorrent 4\.5\.2"
    }
}

Describe 'The first example' {
    It 'works as written' {
        $tracker = [TestTracker]::new()
        try {
            $torrent = New-TestTorrent -Path (Join-Path $TestDrive 'x.torrent') -Tracker $tracker.Url
            $answering = [TestPeer]::new($torrent.InfoHash, $false)
            $tracker.Peers = "127.0.0.1:$($answering.Port)", "127.0.0.1:$closed"
            Push-Location $TestDrive
            $results = Get-TorrentInfo x.torrent | Get-TorrentPeer -Source Tracker | Test-PeerHandshake
            $results.Count | Should -Be 2
            ($results | Where-Object Succeeded).Port | Should -Be $answering.Port
        }
        finally {
            Pop-Location
            $tracker.Dispose()
            ${answering}?.Dispose()
        }
    }
}
