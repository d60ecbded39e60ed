#Requires -Version 7.6
# The promises of docs/automation.md: State, $?, -ErrorAction Stop, the error record and the state of a job agree in every case.
BeforeDiscovery {
    $isMountable = $IsLinux -and (& id -u) -eq '0' -and $(
        $probe = New-Item -ItemType Directory -Path (Join-Path ([System.IO.Path]::GetTempPath()) ([guid]::NewGuid().ToString('n')))
        & mount -t tmpfs -o size=64k tmpfs $probe 2> $null
        $mounted = $LASTEXITCODE -eq 0
        if ($mounted) { & umount $probe }
        Remove-Item $probe
        $mounted)
}

BeforeAll {
    Import-Module ($env:TORRENTPS_MODULE ?? (Join-Path $PSScriptRoot '../../out/TorrentPS')) -Force
    Import-Module (Join-Path $PSScriptRoot 'Fixtures.psm1') -Force
    $seedRoot = Join-Path $TestDrive 'seed'
    $torrent = New-TestTorrent -Path (Join-Path $TestDrive 'some.torrent') -Name 'some.bin' -Length 3000000 -DataRoot $seedRoot
    $port = Get-FreePort
    $seeder = Start-TestSeeder -Path $torrent.Path -DataRoot $seedRoot -Port $port
    $from = @{ Peer = "127.0.0.1:$port"; Source = 'Manual'; StallTimeoutSeconds = 300 }
    $documented = @{}
    $isTable = $false
    foreach ($line in Get-Content (Join-Path $PSScriptRoot '../../docs/automation.md')) {
        if ($line -like '## *') { $isTable = $line -eq '## Every error' }
        if ($isTable -and $line -match '^\| `') {
            $cells = $line.Trim('|').Split('|').Trim(' `'.ToCharArray())
            $documented[$cells[0]] = [pscustomobject]@{ State = $cells[1]; Category = $cells[2] }
        }
    }

    function Get-TestDestination { Join-Path $TestDrive ([guid]::NewGuid().ToString('n')) }

    function Assert-Failure {
        # Runs a failing command in each of the ways in which a script can notice the failure.
        param([string] $ErrorId, [string] $Command, [scriptblock] $Run, [switch] $NoObject, [string] $State = $documented[$ErrorId].State)

        $result = & $Run @{ ErrorVariable = 'failed'; ErrorAction = 'SilentlyContinue' }
        $script:succeeded | Should -BeFalse -Because '$? tells of it'
        @($script:failed).Count | Should -Be 1
        $script:failed[0].FullyQualifiedErrorId | Should -Be "$ErrorId,TorrentPS.Commands.${Command}Command"
        $script:failed[0].CategoryInfo.Category | Should -Be $documented[$ErrorId].Category
        $script:failed[0].Exception.Message | Should -Not -BeNullOrEmpty
        if ($NoObject) {
            $result | Should -BeNullOrEmpty
        }
        else {
            $result.State | Should -Be $State
            $result.ErrorId | Should -Be $ErrorId
            $result.Error | Should -Not -BeNullOrEmpty
            $result.PercentComplete | Should -BeLessThan 100
            $script:failed[0].TargetObject | Should -Be $result
        }
        { & $Run @{ ErrorAction = 'Stop' } } | Should -Throw -ErrorId "$ErrorId,*"
    }

    function Invoke-Download {
        # $? belongs to the previous line, so it is saved for the test.
        param([string] $Path, [string] $Destination, [hashtable] $How, [hashtable] $Common)
        Start-TorrentDownload $Path $Destination @How @Common
        $script:succeeded = $?
        $script:failed = $failed
    }
}

AfterAll { Stop-TestJob $seeder }

Describe 'A download that fails' {
    It 'is reported as <ErrorId>: <Case>' -ForEach @(
        @{ ErrorId = 'DownloadStalled'; Case = 'peers are silent'; How = { @{ Source = 'Tracker'; StallTimeoutSeconds = 1 } } }
        @{ ErrorId = 'DownloadTimedOut'; Case = 'time is up'; How = { @{ Source = 'Tracker'; TimeoutSeconds = 1 } } }
        @{ ErrorId = 'NoPeers'; Case = 'there is no source of peers'; How = { @{ Source = 'Manual'; StallTimeoutSeconds = 1 } } }
    ) {
        $tracker = [TestTracker]::new()
        try {
            $lonely = New-TestTorrent -Path (Join-Path $TestDrive 'lonely.torrent') -Name 'lonely' -Length 50000 -Tracker $tracker.Url
            $arguments = & $How
            Assert-Failure $ErrorId StartTorrentDownload { param($common) Invoke-Download $lonely.Path (Get-TestDestination) $arguments $common }
        }
        finally { $tracker.Dispose() }
    }

    It 'is reported as <ErrorId>: its only tracker <Case>' -ForEach @(
        @{ ErrorId = 'TrackerUnreachable'; Case = 'is not there'; Failure = $null }
        @{ ErrorId = 'TrackerFailure'; Case = 'refuses it'; Failure = 'not here' }
    ) {
        $tracker = [TestTracker]::new()
        $url = $tracker.Url
        if ($Failure) { $tracker.Failure = $Failure } else { $tracker.Dispose() }
        try {
            $refused = New-TestTorrent -Path (Join-Path $TestDrive 'refused.torrent') -Name 'refused' -Length 50000 -Tracker $url
            Assert-Failure $ErrorId StartTorrentDownload { param($common) Invoke-Download $refused.Path (Get-TestDestination) @{ Source = 'Tracker'; StallTimeoutSeconds = 1 } $common }
        }
        finally { $tracker.Dispose() }
    }

    It 'is reported as MetadataTimedOut: no peer has the metadata of a magnet link' {
        $tracker = [TestTracker]::new()
        try {
            $link = "magnet:?xt=urn:btih:$('1' * 40)&tr=$([uri]::EscapeDataString($tracker.Url))"
            Assert-Failure MetadataTimedOut StartTorrentDownload { param($common) Invoke-Download $link (Get-TestDestination) @{ Source = 'Tracker'; TimeoutSeconds = 1 } $common }
        }
        finally { $tracker.Dispose() }
    }

    It 'is reported as <ErrorId>: the torrent cannot be read' -ForEach @(
        @{ ErrorId = 'TorrentNotFound'; Text = $null }
        @{ ErrorId = 'InvalidBencode'; Text = 'text' }
        @{ ErrorId = 'InvalidTorrent'; Text = 'de' }
        @{ ErrorId = 'UnsafePath'; Text = 'd4:infod6:lengthi1e4:name2:..12:piece lengthi16384e6:pieces20:01234567890123456789ee' }
    ) {
        $path = Join-Path $TestDrive "$ErrorId.torrent"
        if ($Text) { [System.IO.File]::WriteAllText($path, $Text) }
        Assert-Failure $ErrorId StartTorrentDownload -NoObject { param($common) Invoke-Download $path (Get-TestDestination) @{} $common }
    }

    It 'is reported as InvalidMagnetUri: the magnet link is invalid' {
        Assert-Failure InvalidMagnetUri StartTorrentDownload -NoObject { param($common) Invoke-Download 'magnet:?xt=urn:btih:short' (Get-TestDestination) @{} $common }
    }

    It 'is reported as AccessDenied: the destination is a file' {
        $file = New-Item -ItemType File (Get-TestDestination)
        Assert-Failure AccessDenied StartTorrentDownload { param($common) Invoke-Download $torrent.Path (Join-Path $file 'sub') $from $common }
    }

    It 'is reported as AccessDenied: the destination is read-only' -Skip:(-not $isMountable) {
        $target = New-Item -ItemType Directory (Get-TestDestination)
        & mount -t tmpfs -o ro,size=8m tmpfs $target
        try { Assert-Failure AccessDenied StartTorrentDownload { param($common) Invoke-Download $torrent.Path $target $from $common } } finally { & umount -l $target }
    }

    It 'is reported as DiskFull, keeps verified data, and resumes when there is space' -Skip:(-not $isMountable) {
        $target = New-Item -ItemType Directory (Get-TestDestination)
        & mount -t tmpfs -o size=8m tmpfs $target
        try {
            $job = Start-TorrentDownload $torrent.Path $target -DownloadLimit 300KB -AsJob @from
            Wait-Until { $job.Download.BytesCompleted -gt 0 }
            & dd if=/dev/zero "of=$target/filler" bs=4k 2> $null
            $null = Wait-Job $job -Timeout 60
            $job.State | Should -Be 'Failed'
            $full = Receive-Job $job -ErrorVariable failed -ErrorAction SilentlyContinue
            $full.State | Should -Be 'Failed'
            $full.ErrorId | Should -Be 'DiskFull'
            $full.BytesCompleted | Should -BeGreaterThan 0
            $failed[0].FullyQualifiedErrorId | Should -BeLike 'DiskFull*'
            $failed[0].CategoryInfo.Category | Should -Be $documented.DiskFull.Category
            Remove-Job $job

            Assert-Failure DiskFull StartTorrentDownload { param($common) Invoke-Download $torrent.Path $target $from $common }
            Remove-Item "$target/filler"
            $rest = Start-TorrentDownload $torrent.Path $target @from
            $? | Should -BeTrue
            $rest.State | Should -Be 'Completed'
            $rest.Downloaded | Should -BeLessOrEqual ($torrent.Length - $full.BytesCompleted)
            (Get-FileHash "$target/some.bin").Hash | Should -Be (Get-FileHash "$seedRoot/some.bin").Hash
        }
        finally { & umount -l $target }
    }

    It 'is reported as DataInUse: another download has the same destination, and continues' {
        $target = Get-TestDestination
        $first = Start-TorrentDownload $torrent.Path $target -DownloadLimit 500KB -AsJob @from
        try {
            Wait-Until { Test-Path (Join-Path $target 'some.bin') }
            Assert-Failure DataInUse StartTorrentDownload { param($common) Invoke-Download $torrent.Path $target $from $common }
            (Receive-Job $first -Wait).State | Should -Be 'Completed'
            $first.State | Should -Be 'Completed'
        }
        finally { Remove-Job $first -Force }
    }

    It 'is reported as DataMismatch: a file is removed meanwhile' -Skip:$IsWindows {
        $target = Get-TestDestination
        $job = Start-TorrentDownload $torrent.Path $target -DownloadLimit 500KB -AsJob @from
        try {
            Wait-Until { $job.Download.BytesCompleted -gt 0 }
            Remove-Item (Join-Path $target 'some.bin')
            $null = Wait-Job $job -Timeout 60
            $job.State | Should -Be 'Failed'
            $result = Receive-Job $job -ErrorVariable failed -ErrorAction SilentlyContinue
            $result.ErrorId | Should -Be 'DataMismatch'
            $result.BytesCompleted | Should -Be 0
            $failed[0].CategoryInfo.Category | Should -Be $documented.DataMismatch.Category
        }
        finally { Remove-Job $job -Force }
    }

    It 'is reported by a stopped job: <ErrorId>' -ForEach @{ ErrorId = 'DownloadStopped' } {
        $job = Start-TorrentDownload $torrent.Path (Get-TestDestination) -DownloadLimit 300KB -AsJob @from
        try {
            Wait-Until { $job.StatusMessage -match '[1-9]' }
            Stop-Job $job
            $job.State | Should -Be 'Stopped'
            $result = Receive-Job $job
            $result.State | Should -Be $documented[$ErrorId].State
            $result.ErrorId | Should -Be $ErrorId
        }
        finally { Remove-Job $job -Force }
    }
}

Describe 'A seed that fails' {
    It 'is reported as DataMismatch: the data does not match the torrent' {
        $folder = New-Item -ItemType Directory (Get-TestDestination)
        [System.IO.File]::WriteAllBytes((Join-Path $folder 'some.bin'), [byte[]]::new($torrent.Length))
        Assert-Failure DataMismatch StartTorrentSeed {
            param($common)
            Start-TorrentSeed $torrent.Path $folder @common
            $script:succeeded = $?
            $script:failed = $failed
        }
    }
}

Describe 'A scheduled pwsh' {
    It 'ends with <ExitCode> when the download <Case>' -ForEach @(
        @{ Case = 'completes'; ExitCode = 0; Stall = 60; Name = 'some'; Peer = { $port } }
        @{ Case = 'fails'; ExitCode = 1; Stall = 1; Name = 'lonely'; Peer = { Get-FreePort } }
    ) {
        # Not a torrent of the seeder, which would return to an address where it saw a peer before.
        $null = New-TestTorrent -Path (Join-Path $TestDrive 'lonely.torrent') -Name 'lonely' -Length 50000
        $module = (Get-Module TorrentPS).Path -replace 'TorrentPS.dll$', 'TorrentPS.psd1'
        $null = Invoke-TestPowerShell -Command "[AppContext]::SetSwitch('TorrentPS.DisableLocalDiscovery', `$true); Import-Module '$module'; Start-TorrentDownload '$(Join-Path $TestDrive "$Name.torrent")' '$(Get-TestDestination)' -Peer 127.0.0.1:$(& $Peer) -Source Manual -StallTimeoutSeconds $Stall" 2> $null
        $LASTEXITCODE | Should -Be $ExitCode
    }
}
