#Requires -Version 7.6
BeforeAll {
    Import-Module ($env:TORRENTPS_MODULE ?? (Join-Path $PSScriptRoot '../../out/TorrentPS')) -Force
    Import-Module (Join-Path $PSScriptRoot 'Fixtures.psm1') -Force
    $manifest = (Get-Module TorrentPS).Path -replace 'TorrentPS.dll$', 'TorrentPS.psd1'
    $seedRoot = Join-Path $TestDrive 'seed'
    $port = Get-FreePort
    $one = New-TestTorrent -Path (Join-Path $TestDrive 'one.torrent') -Name 'one' -Length 300000 -DataRoot $seedRoot
    $two = New-TestTorrent -Path (Join-Path $TestDrive 'two.torrent') -Name 'two' -Length 200000 -DataRoot $seedRoot
    # All downloads in this process are from its own seeds.
    $seeds = Start-TorrentSeed $one.Path, $two.Path -Source $seedRoot -Port $port -PeerSource Manual -AsJob
    $from = @{ Peer = "127.0.0.1:$port"; Source = 'Manual'; StallTimeoutSeconds = 300 }
    # So slow that it runs as long as a test needs it.
    $slowly = @{ Peer = "127.0.0.1:$port"; Source = 'Manual'; DownloadLimit = 8KB }

    function Get-TestDestination { Join-Path $TestDrive ([guid]::NewGuid().ToString('n')) }
}

AfterAll {
    $seeds | Remove-Job -Force
}

Describe 'A torrent''s job' {
    AfterEach { Get-Job | Where-Object { $_.PSJobTypeName -like 'Torrent*' -and $_.Id -notin $seeds.Id } | Remove-Job -Force }

    It 'is found by Get-Job, by <By>' -ForEach @(
        @{ By = 'name'; Filter = { @{ Name = 'on*' } } }
        @{ By = 'id'; Filter = { @{ Id = $job.Id } } }
        @{ By = 'instance id'; Filter = { @{ InstanceId = $job.InstanceId } } }
        @{ By = 'state'; Filter = { @{ State = 'Running' } } }
        @{ By = 'command'; Filter = { @{ Command = '*Start-TorrentDownload*' } } }
        @{ By = 'filter'; Filter = { @{ Filter = @{ PSJobTypeName = 'TorrentDownload'; Name = 'one' } } } }
    ) {
        $job = Start-TorrentDownload $one.Path (Get-TestDestination) @slowly -AsJob
        $found = & $Filter
        @(Get-Job @found | Where-Object PSJobTypeName -EQ 'TorrentDownload').InstanceId | Should -Be $job.InstanceId
    }

    It 'shows its torrent and progress' {
        $job = Start-TorrentDownload $one.Path (Get-TestDestination) @slowly -AsJob
        $job | Should -BeOfType System.Management.Automation.Job
        $job.Name | Should -Be 'one'
        $job.PSJobTypeName | Should -Be 'TorrentDownload'
        $job.Location | Should -Be 'localhost'
        $job.Command | Should -BeLike '*Start-TorrentDownload*'
        $job.State | Should -Be 'Running'
        $job.PSBeginTime | Should -Not -BeNullOrEmpty
        Wait-Until { $job.StatusMessage -match '% of .*1 peer' }
        $seeds[0].PSJobTypeName | Should -Be 'TorrentSeed'
        $seeds[0].Name | Should -Be 'one'
        Wait-Until { $seeds[0].StatusMessage -match 'sent, .*1 peer' }
    }

    It 'has the current state of the download, with the readable length of its file' {
        $destination = Get-TestDestination
        $job = Start-TorrentDownload $one.Path $destination -Sequential @slowly -AsJob
        Wait-Until { $job.Download.ContiguousBytes -gt 0 }
        $job.Download | Should -BeOfType TorrentPS.TorrentDownload
        $length = $job.Download.ContiguousBytes
        $length | Should -BeLessThan $one.Length
        $stream = [IO.File]::Open((Join-Path $destination 'one'), 'Open', 'Read', 'ReadWrite')
        try {
            $bytes = [byte[]]::new($length)
            $stream.ReadExactly($bytes)
        }
        finally { $stream.Dispose() }
        $whole = [IO.File]::ReadAllBytes((Join-Path $seedRoot 'one'))
        [Linq.Enumerable]::SequenceEqual($bytes, [byte[]]$whole[0..($length - 1)]) | Should -BeTrue
        Stop-Job $job
        $job.Download.State | Should -Be 'Stopped'
    }

    It 'gives its output once, and keeps it with -Keep' {
        $job = Start-TorrentDownload $one.Path (Get-TestDestination) @from -AsJob
        Wait-Job $job -Timeout 60 | Should -Be $job
        $job.State | Should -Be 'Completed'
        $job.PSEndTime | Should -Not -BeNullOrEmpty
        $job.HasMoreData | Should -BeTrue
        (Receive-Job $job -Keep) | Should -BeOfType TorrentPS.TorrentDownload
        (Receive-Job $job -Keep).State | Should -Be 'Completed'
        (Receive-Job $job).BytesCompleted | Should -Be $one.Length
        $job.HasMoreData | Should -BeFalse
        Receive-Job $job | Should -BeNullOrEmpty
    }

    It 'is waited for and removed by Receive-Job -Wait -AutoRemoveJob' {
        $jobs = Start-TorrentDownload $one.Path, $two.Path (Get-TestDestination) @from -AsJob
        $jobs.Count | Should -Be 2
        ($jobs | Receive-Job -Wait -AutoRemoveJob).Name | Sort-Object | Should -Be 'one', 'two'
        # Less than the time that a job gets to stop: these had ended.
        ([datetime]::Now - ($jobs.PSEndTime | Measure-Object -Maximum).Maximum).TotalSeconds | Should -BeLessThan 5
        Get-Job -Id $jobs.Id -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'is waited for by Wait-Job -Any, and no longer than -Timeout' {
        $slow = Start-TorrentDownload $one.Path (Get-TestDestination) @slowly -AsJob
        $fast = Start-TorrentDownload $two.Path (Get-TestDestination) @from -AsJob
        Wait-Job $slow, $fast -Any -Timeout 60 | Should -Be $fast
        Wait-Job $slow -Timeout 1 | Should -BeNullOrEmpty
        $slow.State | Should -Be 'Running'
    }

    It 'stops: the tracker is told, the data is saved, and the same command resumes' {
        $tracker = [TestTracker]::new()
        try {
            $tracker.Peers = "127.0.0.1:$port"
            $torrent = New-TestTorrent -Path (Join-Path $TestDrive 'tracked.torrent') -Name 'one' -Length 300000 -Tracker $tracker.Url
            $target = Get-TestDestination
            $job = Start-TorrentDownload $torrent.Path $target -Source Tracker -DownloadLimit 100KB -AsJob
            Wait-Until { $job.StatusMessage -match '^[3-9]\d\.' }
            Stop-Job $job
            $job.State | Should -Be 'Stopped'
            $tracker.CountEvents('stopped') | Should -Be 1
            Get-ChildItem (Join-Path $target '.torrentps') -Filter *.resume -Force | Should -HaveCount 1
            $result = Receive-Job $job -ErrorVariable failed
            $result.State | Should -Be 'Stopped'
            $failed | Should -BeNullOrEmpty
            $rest = Start-TorrentDownload $torrent.Path $target @from
            $rest.State | Should -Be 'Completed'
            $rest.Downloaded | Should -BeLessThan 250000
        }
        finally { $tracker.Dispose() }
    }

    It 'stops together with other jobs' {
        $jobs = Start-TorrentDownload $one.Path, $two.Path (Get-TestDestination) @slowly -AsJob
        $jobs | Stop-Job
        $jobs.State | Should -Be 'Stopped', 'Stopped'
        $jobs | Stop-Job
    }

    It 'is removed while it runs only with -Force' {
        $job = Start-TorrentDownload $one.Path (Get-TestDestination) @slowly -AsJob
        Remove-Job $job -ErrorVariable failed -ErrorAction SilentlyContinue
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'JobObjectNotFinishedCannotBeRemoved*'
        Remove-Job $job -Force
        Get-Job -Id $job.Id -ErrorAction Ignore | Should -BeNullOrEmpty
        $job.State | Should -Be 'Stopped'
    }

    It 'fails, with the error, when it does not complete' {
        $tracker = [TestTracker]::new()
        try {
            $lonely = New-TestTorrent -Path (Join-Path $TestDrive 'lonely.torrent') -Name 'lonely' -Length 50000 -Tracker $tracker.Url
            $job = Start-TorrentDownload $lonely.Path (Get-TestDestination) -Source Tracker -StallTimeoutSeconds 1 -AsJob
            $null = Wait-Job $job -Timeout 60
            $job.State | Should -Be 'Failed'
            $job.Error[0].FullyQualifiedErrorId | Should -Be 'DownloadStalled'
            $result = Receive-Job $job -ErrorVariable failed -ErrorAction SilentlyContinue
            $result.State | Should -Be 'Stalled'
            $failed.Count | Should -Be 1
            $failed[0].FullyQualifiedErrorId | Should -BeLike 'DownloadStalled*'
            $failed[0].CategoryInfo.Category | Should -Be 'OperationTimeout'
        }
        finally { $tracker.Dispose() }
    }

    It 'shows its progress to a waiting command, and removes it' {
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("Import-Module '$manifest'; Start-TorrentDownload '$($one.Path)' '$(Get-TestDestination)' -Peer 127.0.0.1:$port -Source Manual -DownloadLimit 200KB -AsJob | Receive-Job -Wait -AutoRemoveJob")
            $shell.Invoke().State | Should -Be 'Completed'
            $records = @($shell.Streams.Progress | Where-Object Activity -Like 'Downloading one*')
            $records.Count | Should -BeGreaterThan 1
            $records[-1].RecordType | Should -Be 'Completed'
        }
        finally { $shell.Dispose() }
    }

    It 'keeps only the newest progress' {
        $job = Start-TorrentDownload $one.Path (Get-TestDestination) @slowly -AsJob
        Wait-Until { $job.Progress.Count -eq 1 -and $job.Progress[0].StatusDescription -match '1 peer' }
        $first = $job.Progress[0]
        Wait-Until { -not [object]::ReferenceEquals($job.Progress[0], $first) }
        $job.Progress.Count | Should -BeLessOrEqual 1
    }

    It 'logs to its verbose stream, with -Verbose' {
        $job = Start-TorrentDownload $one.Path (Get-TestDestination) @from -AsJob -Verbose
        $null = Wait-Job $job -Timeout 60
        $job.Verbose.Message -match "Peer 127.0.0.1:$port connected" | Should -Not -BeNullOrEmpty
        $job.Verbose.Message[0] | Should -Match '^one: Checking'
        $quiet = Start-TorrentDownload $one.Path (Get-TestDestination) @from -AsJob
        $null = Wait-Job $quiet -Timeout 60
        $quiet.Verbose.Count | Should -Be 0
    }

    It 'outlives the runspace that created it' {
        $shell = [powershell]::Create()
        $job = try { $shell.AddScript("Import-Module '$manifest'; Start-TorrentDownload '$($one.Path)' '$(Get-TestDestination)' -Peer 127.0.0.1:$port -Source Manual -DownloadLimit 200KB -AsJob").Invoke()[0] } finally { $shell.Runspace.Dispose(); $shell.Dispose() }
        $job.State | Should -Be 'Running'
        (Get-Job -Id $job.Id).InstanceId | Should -Be $job.InstanceId
        $null = Wait-Job $job -Timeout 60
        (Receive-Job $job).State | Should -Be 'Completed'
    }

    It 'can be created in ForEach-Object -Parallel and in thread jobs' {
        $paths = $one.Path, $two.Path
        $target = Get-TestDestination
        $jobs = $paths | ForEach-Object -Parallel {
            Import-Module $using:manifest
            $with = $using:from
            Start-TorrentDownload $_ $using:target @with -AsJob
        }
        ($jobs | Receive-Job -Wait).State | Should -Be 'Completed', 'Completed'

        $target = Get-TestDestination
        $thread = Start-ThreadJob {
            Import-Module $using:manifest
            $with = $using:from
            Start-TorrentDownload $using:paths $using:target @with
        }
        ($thread | Receive-Job -Wait -AutoRemoveJob).State | Should -Be 'Completed', 'Completed'
    }

    It 'cannot be suspended' {
        $job = Start-TorrentDownload $one.Path (Get-TestDestination) @slowly -AsJob
        { $job.SuspendJob() } | Should -Throw '*cannot be suspended*'
        $job.State | Should -Be 'Running'
    }
}

Describe 'Torrents of one process' {
    AfterEach { Get-Job | Where-Object { $_.PSJobTypeName -like 'Torrent*' -and $_.Id -notin $seeds.Id } | Remove-Job -Force }

    It 'announce one port, unless told otherwise' {
        $tracker = [TestTracker]::new()
        try {
            $own = Get-FreePort
            $torrents = foreach ($name in 'one', 'two') {
                New-TestTorrent -Path (Join-Path $TestDrive "$name-tracked.torrent") -Name $name -Length ($name -eq 'one' ? 300000 : 200000) -Tracker $tracker.Url
            }
            $null = Start-TorrentSeed $torrents.Path -Source $seedRoot -PeerSource Tracker -AsJob
            $null = Start-TorrentSeed $torrents[0].Path -Source $seedRoot -PeerSource Tracker -Port $own -AsJob
            Wait-Until { $tracker.CountEvents('started') -eq 3 }
            $ports = [regex]::Matches($tracker.Requests, '[?&]port=(\d+)').ForEach({ $_.Groups[1].Value }) | Sort-Object
            $ports | Should -Be ("$port", "$port", "$own" | Sort-Object)
        }
        finally { $tracker.Dispose() }
    }

    It 'share the limit of a preference variable' {
        $TorrentDownloadLimit = '100KB/s'
        $target = Get-TestDestination
        try {
            $jobs = Start-TorrentDownload $one.Path, $two.Path $target -Peer "127.0.0.1:$port" -Source Manual -AsJob
            Wait-Until { @($jobs.StatusMessage -match '1 peer').Count -eq 2 -and ($jobs.Download.Downloaded | Measure-Object -Sum).Sum -gt 150KB }
            $jobs | Stop-Job
            $results = $jobs | Receive-Job
            # 100 KiB per second together; a quarter of a second's amount may arrive at once.
            $seconds = ($results.Elapsed.TotalSeconds | Measure-Object -Maximum).Maximum
            ($results.Downloaded | Measure-Object -Sum).Sum | Should -BeLessThan (102400 * ($seconds + 0.5) + 65536)
        }
        finally {
            $TorrentDownloadLimit = 0
            $null = Start-TorrentDownload $one.Path $target -WhatIf
        }
    }

    It 'warn of a preference variable that is not a rate' {
        $TorrentUploadLimit = 'fast'
        $null = Start-TorrentDownload $one.Path (Get-TestDestination) -WhatIf -WarningVariable warned -WarningAction SilentlyContinue
        $warned | Should -Match 'TorrentUploadLimit'
    }
}
