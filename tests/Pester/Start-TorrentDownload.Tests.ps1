#Requires -Version 7.6
BeforeAll {
    Import-Module ($env:TORRENTPS_MODULE ?? (Join-Path $PSScriptRoot '../../out/TorrentPS')) -Force
    Import-Module (Join-Path $PSScriptRoot 'Fixtures.psm1') -Force
    $seedRoot = Join-Path $TestDrive 'seed'
    $files = [ordered]@{ 'a.txt' = 10; 'sub/b.bin' = 300000; 'sub/empty' = 0; 'c [x].dat' = 70000 }
    $many = New-TestTorrent -Path (Join-Path $TestDrive 'many.torrent') -Name 'many' -Files $files -DataRoot $seedRoot
    $port = Get-FreePort
    $seeder = Start-TestSeeder -Path $many.Path -DataRoot $seedRoot -Port $port
    $from = @{ Peer = "127.0.0.1:$port"; Source = 'Manual'; StallTimeoutSeconds = 300 }

    function Get-TestDestination { Join-Path $TestDrive ([guid]::NewGuid().ToString('n')) }

    function Compare-TestData {
        param([string] $Folder, [string[]] $Name)
        foreach ($file in $Name) {
            (Get-FileHash -LiteralPath (Join-Path $Folder $file)).Hash | Should -Be (Get-FileHash -LiteralPath (Join-Path $seedRoot $file)).Hash -Because $file
        }
    }
}

AfterAll { Stop-TestJob $seeder }

Describe 'Start-TorrentDownload' {
    It 'downloads, verifies and returns a result' {
        $target = Get-TestDestination
        $result = Start-TorrentDownload $many.Path $target @from
        $? | Should -BeTrue
        $result | Should -BeOfType TorrentPS.TorrentDownload
        $result.State | Should -Be 'Completed'
        $result.Name | Should -Be 'many'
        $result.InfoHash | Should -Be $many.InfoHash
        $result.Path | Should -Be (Join-Path $target 'many')
        $result.Length | Should -Be $many.Length
        $result.BytesCompleted | Should -Be $many.Length
        $result.PercentComplete | Should -Be 100
        $result.Downloaded | Should -BeGreaterOrEqual $many.Length
        $result.Error | Should -BeNullOrEmpty
        Compare-TestData $target 'many/a.txt', 'many/sub/b.bin', 'many/sub/empty', 'many/c [x].dat'
    }

    It 'takes torrents from the pipeline, and the current location without -Destination' {
        $target = New-Item -ItemType Directory (Get-TestDestination)
        Push-Location $target
        try { (Get-TorrentInfo $many.Path | Start-TorrentDownload @from).State | Should -Be 'Completed' } finally { Pop-Location }
        Compare-TestData $target 'many/sub/b.bin'
    }

    It 'resolves -Destination on drives' {
        $target = New-Item -ItemType Directory (Get-TestDestination)
        $null = New-PSDrive -Name Downloads -PSProvider FileSystem -Root $target
        try { (Start-TorrentDownload $many.Path Downloads:/in @from).Path | Should -Be (Join-Path $target 'in' 'many') } finally { Remove-PSDrive Downloads }
        Compare-TestData (Join-Path $target 'in') 'many/a.txt'
    }

    It 'resumes' {
        $target = Get-TestDestination
        $null = Start-TorrentDownload $many.Path $target @from
        $again = Start-TorrentDownload $many.Path $target @from
        $again.State | Should -Be 'Completed'
        $again.Downloaded | Should -Be 0
    }

    It 'finds changed data with -Recheck' {
        $target = Get-TestDestination
        $null = Start-TorrentDownload $many.Path $target @from
        $file = Join-Path $target 'many/sub/b.bin'
        $bytes = [System.IO.File]::ReadAllBytes($file)
        $bytes[1000] = $bytes[1000] -bxor 255
        [System.IO.File]::WriteAllBytes($file, $bytes)
        $again = Start-TorrentDownload $many.Path $target -Recheck @from
        $again.State | Should -Be 'Completed'
        $again.Downloaded | Should -BeGreaterThan 0
        Compare-TestData $target 'many/sub/b.bin'
    }

    It 'leaves a file of the user unchanged, and overwrites it with -Force' {
        $target = Get-TestDestination
        $file = Join-Path $target 'many/a.txt'
        $null = New-Item -ItemType Directory (Split-Path $file)
        [System.IO.File]::WriteAllBytes($file, [byte[]](@(7) * 1000000))
        $null = Start-TorrentDownload $many.Path $target -Force -WhatIf @from
        $refused = Start-TorrentDownload $many.Path $target @from -ErrorVariable failed -ErrorAction SilentlyContinue
        $refused.State | Should -Be 'Failed'
        $failed[0].FullyQualifiedErrorId | Should -Be 'FileExists,TorrentPS.Commands.StartTorrentDownloadCommand'
        $failed[0].CategoryInfo.Category | Should -Be 'ResourceExists'
        $failed[0].Exception.Message | Should -BeLike "*$file*-Force*"
        (Get-Item $file).Length | Should -Be 1000000
        $job = Start-TorrentDownload $many.Path $target -AsJob @from
        (Receive-Job $job -Wait -AutoRemoveJob -ErrorAction SilentlyContinue).ErrorId | Should -Be 'FileExists'
        (Get-Item $file).Length | Should -Be 1000000
        (Start-TorrentDownload $many.Path $target -Force @from).State | Should -Be 'Completed'
        Compare-TestData $target 'many/a.txt'
    }

    It 'downloads only the files of -Include' {
        $target = Get-TestDestination
        $result = Start-TorrentDownload $many.Path $target -Include '*.txt' @from
        $result.State | Should -Be 'Completed'
        $result.BytesWanted | Should -Be 10
        Compare-TestData $target 'many/a.txt'
        Join-Path $target 'many/sub/b.bin' | Should -Not -Exist
    }

    It 'does not download the files of -Exclude' {
        $target = Get-TestDestination
        (Start-TorrentDownload $many.Path $target -Exclude '*/b.bin' @from).State | Should -Be 'Completed'
        Compare-TestData $target 'many/a.txt', 'many/c [x].dat'
        Join-Path $target 'many/sub/b.bin' | Should -Not -Exist
    }

    It 'escapes wildcard characters in completed paths' {
        $line = "Start-TorrentDownload '$($many.Path)' -Include c"
        $completed = (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText
        $completed | Should -Be "'many/c ``[x``].dat'"
        $target = Get-TestDestination
        $result = Start-TorrentDownload $many.Path $target -Include $completed.Trim("'") @from
        $result.BytesWanted | Should -Be 70000
    }

    It 'takes peers as <Case>' -ForEach @(
        @{ Case = 'text'; Peer = { "127.0.0.1:$port" } }
        @{ Case = 'host name'; Peer = { "localhost:$port" } }
        @{ Case = 'end point'; Peer = { [System.Net.IPEndPoint]::new([ipaddress]::Loopback, $port) } }
        @{ Case = 'object with Address and Port'; Peer = { [pscustomobject]@{ Address = '127.0.0.1'; Port = $port } } }
    ) {
        (Start-TorrentDownload $many.Path (Get-TestDestination) -Peer (& $Peer) -Source Manual -StallTimeoutSeconds 300).State | Should -Be 'Completed'
    }

    It 'writes an error for a host name without an address, and continues' {
        # So slow that the name is resolved before the end.
        $job = Start-TorrentDownload $many.Path (Get-TestDestination) -Peer 'nowhere.invalid:1', "localhost:$port" -Source Manual -DownloadLimit 8KB -AsJob
        try {
            Wait-Until { $job.Error.Count -gt 0 -and $job.Download.BytesCompleted -gt 0 }
            $job.Error.Count | Should -Be 1
            $job.Error[0].FullyQualifiedErrorId | Should -BeLike 'UnknownHost*'
            $job.Error[0].CategoryInfo.Category | Should -Be 'ConnectionError'
            $job.Error[0].Exception.Message | Should -Match 'nowhere\.invalid'
        }
        finally { Stop-TestJob $job }
    }

    It 'finds peers through a tracker, and takes those of Get-TorrentPeer' {
        $tracker = [TestTracker]::new()
        try {
            $tracker.Peers = "127.0.0.1:$port"
            $torrent = New-TestTorrent -Path (Join-Path $TestDrive 'tracked.torrent') -Name 'many' -Files $files -Tracker $tracker.Url
            (Start-TorrentDownload $torrent.Path (Get-TestDestination) -Source Tracker -StallTimeoutSeconds 300).State | Should -Be 'Completed'
            $tracker.CountEvents('started') | Should -Be 1
            $tracker.CountEvents('completed') | Should -Be 1
            $tracker.CountEvents('stopped') | Should -Be 1
            $peers = Get-TorrentPeer $torrent.Path -Source Tracker
            (Start-TorrentDownload $torrent.Path (Get-TestDestination) -Peer $peers -Source Manual -StallTimeoutSeconds 300).State | Should -Be 'Completed'
        }
        finally { $tracker.Dispose() }
    }

    It 'does nothing with -WhatIf' {
        $target = Get-TestDestination
        Start-TorrentDownload $many.Path $target -WhatIf @from | Should -BeNullOrEmpty
        $target | Should -Not -Exist
    }

    It 'takes <Value> as a rate' -ForEach @(
        @{ Value = 5MB }
        @{ Value = '5MB' }
        @{ Value = '5MB/s' }
        @{ Value = 0 }
    ) {
        (Start-TorrentDownload $many.Path (Get-TestDestination) -DownloadLimit $Value -UploadLimit $Value @from).State | Should -Be 'Completed'
    }

    It 'refuses <Name> <Value>' -ForEach @(
        @{ Name = 'DownloadLimit'; Value = 'fast' }
        @{ Name = 'DownloadLimit'; Value = -1 }
        @{ Name = 'UploadLimit'; Value = '5Mbit' }
        @{ Name = 'Peer'; Value = '127.0.0.1' }
        @{ Name = 'Port'; Value = 0 }
        @{ Name = 'SeedRatio'; Value = -1 }
        @{ Name = 'StallTimeoutSeconds'; Value = -1 }
    ) {
        $arguments = @{ $Name = $Value }
        { Start-TorrentDownload $many.Path @arguments -WhatIf } | Should -Throw -ErrorId 'ParameterArgument*,*'
    }

    It 'refuses a destination that is not in a file system' {
        { Start-TorrentDownload $many.Path Env:/ } | Should -Throw -ErrorId 'AccessDenied,*'
    }

    It 'writes progress, and removes it' {
        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("Import-Module '$((Get-Module TorrentPS).Path -replace 'TorrentPS.dll$', 'TorrentPS.psd1')'; Start-TorrentDownload '$($many.Path)' '$(Get-TestDestination)' -Peer 127.0.0.1:$port -Source Manual -DownloadLimit 200KB -StallTimeoutSeconds 300")
            $shell.Invoke().State | Should -Be 'Completed'
            $records = @($shell.Streams.Progress | Where-Object Activity -Like 'Downloading many*')
            $records.Count | Should -BeGreaterThan 1
            $records[-1].RecordType | Should -Be 'Completed'
            ($records | Where-Object RecordType -EQ 'Processing').StatusDescription | Select-Object -Last 1 | Should -Match '%.* of .*iB.*peer'
        }
        finally { $shell.Dispose() }
    }
}

Describe 'Start-TorrentDownload that does not complete' {
    BeforeAll {
        # Its tracker answers without peers.
        $empty = [TestTracker]::new()
        $lonely = New-TestTorrent -Path (Join-Path $TestDrive 'lonely.torrent') -Name 'lonely' -Length 50000 -Tracker $empty.Url
    }

    AfterAll { $empty.Dispose() }

    It 'writes the object and then an error: <ErrorId>' -ForEach @(
        @{ ErrorId = 'DownloadStalled'; State = 'Stalled'; Limit = @{ StallTimeoutSeconds = 1 } }
        @{ ErrorId = 'DownloadTimedOut'; State = 'TimedOut'; Limit = @{ TimeoutSeconds = 1 } }
    ) {
        $result = Start-TorrentDownload $lonely.Path (Get-TestDestination) -Source Tracker @Limit -ErrorVariable failed -ErrorAction SilentlyContinue
        $? | Should -BeFalse
        $result.State | Should -Be $State
        $result.ErrorId | Should -Be $ErrorId
        $failed.FullyQualifiedErrorId | Should -Be "$ErrorId,TorrentPS.Commands.StartTorrentDownloadCommand"
        $failed[0].CategoryInfo.Category | Should -Be 'OperationTimeout'
        $failed[0].TargetObject | Should -Be $result
    }

    It 'writes an error when there is no source of peers' {
        $result = Start-TorrentDownload $lonely.Path (Get-TestDestination) -Source Manual -StallTimeoutSeconds 1 -ErrorVariable failed -ErrorAction SilentlyContinue
        $result.State | Should -Be 'Failed'
        $failed.FullyQualifiedErrorId | Should -Be 'NoPeers,TorrentPS.Commands.StartTorrentDownloadCommand'
    }

    It 'ends with -ErrorAction Stop' {
        { Start-TorrentDownload $lonely.Path (Get-TestDestination) -Source Tracker -StallTimeoutSeconds 1 -ErrorAction Stop } | Should -Throw -ErrorId 'DownloadStalled,*'
    }

    It 'continues with the next torrent' {
        $results = Get-TorrentInfo $lonely.Path, $many.Path | Start-TorrentDownload -Destination (Get-TestDestination) -Peer "127.0.0.1:$port" -Source Tracker, Manual -StallTimeoutSeconds 8 -ErrorAction SilentlyContinue
        # Each is written when it ends.
        $results.State | Should -Be 'Completed', 'Stalled'
    }

    It 'stops when the pipeline is stopped: announces it, keeps its data, leaves no bar, and resumes later' {
        $tracker = [TestTracker]::new()
        $slowPort = Get-FreePort
        $slow = $null
        $shell = [powershell]::Create()
        try {
            $tracker.Peers = "127.0.0.1:$slowPort"
            $torrent = New-TestTorrent -Path (Join-Path $TestDrive 'slow.torrent') -Name 'slow' -Length 1000000 -Tracker $tracker.Url -DataRoot $seedRoot
            $slow = Start-TestSeeder -Path $torrent.Path -DataRoot $seedRoot -Port $slowPort
            $target = Get-TestDestination
            $null = $shell.AddScript("Import-Module '$((Get-Module TorrentPS).Path -replace 'TorrentPS.dll$', 'TorrentPS.psd1')'; Start-TorrentDownload '$($torrent.Path)' '$target' -Source Tracker -DownloadLimit 100KB")
            $null = $shell.BeginInvoke()
            Wait-Until { $shell.Streams.Progress | Where-Object { $_.ParentActivityId -lt 0 -and $_.PercentComplete -gt 20 } }
            $shell.Stop()
            $shell.InvocationStateInfo.State | Should -Be 'Stopped'
            $tracker.CountEvents('stopped') | Should -Be 1
            $shell.Streams.Progress[-1].RecordType | Should -Be 'Completed'

            $rest = Start-TorrentDownload $torrent.Path $target -Source Tracker -StallTimeoutSeconds 300
            $rest.State | Should -Be 'Completed'
            $rest.Downloaded | Should -BeLessThan 900000
            Compare-TestData $target 'slow'
        }
        finally {
            $shell.Dispose()
            Stop-TestJob $slow
            $tracker.Dispose()
        }
    }
}

Describe 'Start-TorrentDownload -ReuseFrom' {
    It 'copies existing data, and leaves it unchanged' {
        $target = Get-TestDestination
        $old = New-Item -ItemType Directory (Get-TestDestination)
        Copy-Item (Join-Path $seedRoot 'many/sub/b.bin') (Join-Path $old 'renamed.bin')
        $hash = (Get-FileHash (Join-Path $old 'renamed.bin')).Hash
        $result = Start-TorrentDownload $many.Path $target -ReuseFrom $old @from
        $result.State | Should -Be 'Completed'
        $result.BytesReused | Should -BeGreaterThan 250000
        $result.BytesReused + $result.Downloaded - $result.Wasted | Should -Be $many.Length
        Compare-TestData $target 'many/a.txt', 'many/sub/b.bin', 'many/c [x].dat'
        (Get-FileHash (Join-Path $old 'renamed.bin')).Hash | Should -Be $hash
    }

    It 'warns of missing sources' {
        $result = Start-TorrentDownload $many.Path (Get-TestDestination) -ReuseFrom (Join-Path $TestDrive 'no such folder') @from -WarningVariable warned -WarningAction SilentlyContinue
        $result.State | Should -Be 'Completed'
        $warned | Should -BeLike '*no such folder* does not exist*'
    }
}

Describe 'Start-TorrentDownload -AsJob' {
    It 'writes a job at once, which Get-Job, Wait-Job, Receive-Job and Remove-Job know' {
        $target = Get-TestDestination
        $job = Start-TorrentDownload $many.Path $target -AsJob @from
        try {
            $job | Should -BeOfType System.Management.Automation.Job
            $job.Name | Should -Be 'many'
            (Get-Job -Id $job.Id).InstanceId | Should -Be $job.InstanceId
            Wait-Job $job -Timeout 60 | Should -Be $job
            $job.State | Should -Be 'Completed'
            $job.HasMoreData | Should -BeTrue
            (Receive-Job $job -Keep).State | Should -Be 'Completed'
            (Receive-Job $job).BytesCompleted | Should -Be $many.Length
            Receive-Job $job | Should -BeNullOrEmpty
            $job.HasMoreData | Should -BeFalse
            Compare-TestData $target 'many/sub/b.bin'
        }
        finally { Remove-Job $job -Force }
        Get-Job -Id $job.Id -ErrorAction Ignore | Should -BeNullOrEmpty
    }

    It 'downloads several torrents at once' {
        $jobs = Get-TorrentInfo $many.Path, $many.Path | ForEach-Object { $_ | Start-TorrentDownload -Destination (Get-TestDestination) -AsJob @from }
        try { ($jobs | Receive-Job -Wait -AutoRemoveJob).State | Should -Be 'Completed', 'Completed' } finally { $jobs | Where-Object { Get-Job -Id $_.Id -ErrorAction Ignore } | Remove-Job -Force }
    }

    It 'fails, with the error, when it does not complete' {
        $empty = [TestTracker]::new()
        $lonely = New-TestTorrent -Path (Join-Path $TestDrive 'alone.torrent') -Name 'alone' -Length 50000 -Tracker $empty.Url
        $job = Start-TorrentDownload $lonely.Path (Get-TestDestination) -Source Tracker -StallTimeoutSeconds 1 -AsJob
        try {
            $null = Wait-Job $job -Timeout 60
            $job.State | Should -Be 'Failed'
            $result = Receive-Job $job -ErrorVariable failed -ErrorAction SilentlyContinue
            $result.State | Should -Be 'Stalled'
            $failed[0].FullyQualifiedErrorId | Should -BeLike 'DownloadStalled*'
        }
        finally {
            Remove-Job $job -Force
            $empty.Dispose()
        }
    }

    It 'stops with Stop-Job: announces it, and reports progress meanwhile' {
        $tracker = [TestTracker]::new()
        $slow = $null
        $job = $null
        try {
            $slowPort = Get-FreePort
            $tracker.Peers = "127.0.0.1:$slowPort"
            $torrent = New-TestTorrent -Path (Join-Path $TestDrive 'slowjob.torrent') -Name 'slowjob' -Length 1000000 -Tracker $tracker.Url -DataRoot $seedRoot
            $slow = Start-TestSeeder -Path $torrent.Path -DataRoot $seedRoot -Port $slowPort
            $job = Start-TorrentDownload $torrent.Path (Get-TestDestination) -Source Tracker -DownloadLimit 100KB -AsJob
            Wait-Until { $job.StatusMessage -match '1 peer' }
            $job.State | Should -Be 'Running'
            $job.StatusMessage | Should -Match '% of .*1 peer'
            Stop-Job $job
            $job.State | Should -Be 'Stopped'
            $tracker.CountEvents('stopped') | Should -Be 1
            (Receive-Job $job).State | Should -Be 'Stopped'
            Remove-Job $job
            $job = $null
        }
        finally {
            Stop-TestJob $job
            Stop-TestJob $slow
            $tracker.Dispose()
        }
    }

    It 'does nothing with -WhatIf' {
        Start-TorrentDownload $many.Path (Get-TestDestination) -AsJob -WhatIf @from | Should -BeNullOrEmpty
    }
}
