#Requires -Version 7.6
BeforeAll {
    $module = $env:TORRENTPS_MODULE ?? (Join-Path $PSScriptRoot '../../out/TorrentPS')
    Import-Module $module -Force
    Import-Module (Join-Path $PSScriptRoot 'Fixtures.psm1') -Force
    $examples = Join-Path $PSScriptRoot '../../examples'
    $source = Join-Path $TestDrive 'source'
    $null = New-Item -ItemType Directory $source
    $image = Join-Path $source 'image.vhdx'
    $bytes = [byte[]]::new(3000001)
    [System.Random]::new(1).NextBytes($bytes)
    [System.IO.File]::WriteAllBytes($image, $bytes)
    $tracker = [TorrentPS.Engine.TrackerHosting.TrackerServer]::Start([ipendpoint]::new([ipaddress]::Loopback, 0), $null)

    function Invoke-Example {
        param([string] $Name, [string[]] $Arguments)

        $load = "Import-Module '$module'; & '$(Join-Path $examples $Name)' $Arguments"
        $output = Invoke-TestPowerShell -Command $load 2>&1 | Out-String
        @{ Code = $LASTEXITCODE; Output = $output }
    }
}

AfterAll {
    $tracker.DisposeAsync().AsTask().Wait()
}

Describe 'The examples' {
    It 'have help: <_>' -ForEach (Get-ChildItem (Join-Path $PSScriptRoot '../../examples') -Filter *.ps1).Name {
        $help = Get-Help (Join-Path $examples $_)
        $help.Synopsis.Length | Should -BeGreaterThan 20
        $help.Examples | Should -Not -BeNullOrEmpty
    }

    It 'receive an image from a seeder, and test it' {
        $torrent = New-Torrent $image -Tracker $tracker.AnnounceUri -Destination (Join-Path $TestDrive 'image.torrent') -Private
        $seeder = $torrent | Start-TorrentDownload -Destination $source -SeedSeconds 3600 -AsJob
        try {
            $copy = Join-Path $TestDrive 'copy'
            $result = Invoke-Example Receive-Image.ps1 "'$($torrent.Path)'", '-Destination', "'$copy'", '-SeedSeconds', 0, '-StallTimeoutSeconds', 120
            $result.Code | Should -Be 0 -Because $result.Output
            $result.Output | Should -Match 'image\.vhdx\s+Completed'
            (Get-FileHash (Join-Path $copy 'image.vhdx')).Hash | Should -Be (Get-FileHash $image).Hash
        }
        finally {
            $seeder | Stop-Job
            $seeder | Remove-Job -Force
        }
    }

    It 'end with 1 if there is no torrent' {
        $result = Invoke-Example Receive-Image.ps1 "'$(Join-Path $TestDrive 'none.torrent')'", '-Destination', "'$TestDrive'"
        $result.Code | Should -Be 1
        $result.Output | Should -Match 'none\.torrent'
    }

    It 'publish an image that another machine receives' {
        $published = Join-Path $TestDrive 'published.torrent'
        $load = "Import-Module '$module'; & '$(Join-Path $examples 'Publish-Image.ps1')' '$image' -Tracker $($tracker.AnnounceUri) -Destination '$published' -SeedSeconds 3600"
        $publisher = Start-TestPowerShell $load (Join-Path $TestDrive 'publisher.txt')
        try {
            Wait-Until { Test-Path $published }
            $copy = Join-Path $TestDrive 'received'
            $result = Invoke-Example Receive-Image.ps1 "'$published'", '-Destination', "'$copy'", '-SeedSeconds', 0, '-StallTimeoutSeconds', 120
            $result.Code | Should -Be 0 -Because $result.Output
            (Get-FileHash (Join-Path $copy 'image.vhdx')).Hash | Should -Be (Get-FileHash $image).Hash
        }
        finally {
            $publisher.Kill($true)
            $publisher.WaitForExit()
        }
    }

    It 'take names with square brackets, the networks of a site and web servers' {
        $odd = Join-Path $source 'image [1].vhdx'
        [System.IO.File]::Copy($image, $odd)
        $published = Join-Path $TestDrive 'odd [1].torrent'
        $load = "Import-Module '$module'; & '$(Join-Path $examples 'Publish-Image.ps1')' '$odd' -Tracker $($tracker.AnnounceUri) -Destination '$published' -Machines 1 -AllowedAddress 127.0.0.0/8, ::1 -TrafficClass CS1 -WebSeed http://127.0.0.1:1/none"
        $publisher = Start-TestPowerShell $load (Join-Path $TestDrive 'odd.txt')
        try {
            Wait-Until { Test-Path -LiteralPath $published }
            $copy = Join-Path $TestDrive 'received [1]'
            $result = Invoke-Example Receive-Image.ps1 "'$published'", '-Destination', "'$copy'", '-SeedSeconds', 15, '-StallTimeoutSeconds', 120, '-AllowedAddress', '127.0.0.0/8,::1', '-TrafficClass', 'CS1', '-WebSeed', 'http://127.0.0.1:1/more', '-WebSeedDelaySeconds', 3600
            $result.Code | Should -Be 0 -Because $result.Output
            (Get-FileHash -LiteralPath (Join-Path $copy 'image [1].vhdx')).Hash | Should -Be (Get-FileHash $image).Hash
            # It has seen that the other one has it.
            $publisher.WaitForExit(120000) | Should -BeTrue
        }
        finally {
            if (-not $publisher.HasExited) {
                $publisher.Kill($true)
            }
            $publisher.WaitForExit()
            Remove-Item -LiteralPath $odd
        }
    }

    It 'download from a schedule: complete downloads are moved, incomplete ones stay, and the logs say so' {
        $box = New-Item -ItemType Directory (Join-Path $TestDrive 'box')
        $torrent = New-Torrent $image -Tracker $tracker.AnnounceUri -Destination (Join-Path $box 'image.torrent') -Private
        $lonely = Join-Path $TestDrive 'lonely.bin'
        [System.IO.File]::WriteAllBytes($lonely, [byte[]]::new(50000))
        $seeder = $torrent | Start-TorrentSeed -Source $source -AsJob
        try {
            $copy = Join-Path $TestDrive 'scheduled'
            $result = Invoke-Example Invoke-ScheduledDownload.ps1 "'$box'", '-Destination', "'$copy'", '-StallTimeoutSeconds', 300
            $result.Code | Should -Be 0 -Because $result.Output
            # The next run finds a torrent without a seeder, and fails as soon as its limits allow.
            $null = New-Torrent $lonely -Tracker $tracker.AnnounceUri -Destination (Join-Path $box 'lonely.torrent') -Private
            $result = Invoke-Example Invoke-ScheduledDownload.ps1 "'$box'", '-Destination', "'$copy'", '-StallTimeoutSeconds', 1
            $result.Code | Should -Be 1 -Because $result.Output
            Join-Path $box 'done' 'image.torrent' | Should -Exist
            Join-Path $box 'lonely.torrent' | Should -Exist
            (Get-FileHash (Join-Path $copy 'image.vhdx')).Hash | Should -Be (Get-FileHash $image).Hash
            Get-Content (Join-Path $box 'image.log') -Raw | Should -Match 'connected: TorrentPS'
            $runs = Get-Content (Join-Path $box 'runs.json') | ConvertFrom-Json
            ($runs | Where-Object Torrent -EQ 'image.torrent').State | Should -Be 'Completed'
            ($runs | Where-Object Torrent -EQ 'lonely.torrent').ErrorId | Should -Be 'DownloadStalled'
        }
        finally {
            $seeder | Stop-Job
            $seeder | Remove-Job -Force
        }
    }

    It 'survey peers, and check the health of trackers' {
        $torrent = New-Torrent $image -Tracker $tracker.AnnounceUri, 'http://127.0.0.1:1/announce' -Destination (Join-Path $TestDrive 'survey.torrent') -Private -Source survey
        $seeder = $torrent | Start-TorrentSeed -Source $source -AsJob
        try {
            Wait-Until { (Get-TorrentTracker $torrent.Path -WarningAction SilentlyContinue).Seeders -gt 0 }
            $csv = Join-Path $TestDrive 'peers.csv'
            $result = Invoke-Example Export-PeerSurvey.ps1 "'$($torrent.Path)'", '-Destination', "'$csv'", '-TimeoutSeconds', 5
            $peers = @(Import-Csv $csv)
            $peers.Count | Should -Be 1 -Because $result.Output
            $peers[0].Status | Should -Be 'Succeeded'
            $peers[0].Client | Should -Match '^TorrentPS'
            [double]$peers[0].LatencySeconds | Should -BeGreaterThan 0
            $health = Invoke-Example Test-TrackerHealth.ps1 "'$($torrent.Path)'"
            $health.Code | Should -Be 0 -Because $health.Output
            $health.Output | Should -Match 'Down'
        }
        finally {
            $seeder | Stop-Job
            $seeder | Remove-Job -Force
        }
        (Invoke-Example Test-TrackerHealth.ps1 "'$($torrent.Path)'", '-TimeoutSeconds', 5).Code | Should -Be 1
    }

    It 'verify a mirror, and repair it' {
        $torrent = New-Torrent $image -Tracker $tracker.AnnounceUri -Destination (Join-Path $TestDrive 'mirror.torrent') -Private -Source mirror
        $mirror = New-Item -ItemType Directory (Join-Path $TestDrive 'mirror')
        Copy-Item $image $mirror
        (Invoke-Example Test-Mirror.ps1 "'$($torrent.Path)'", '-Mirror', "'$mirror'").Code | Should -Be 0
        $copy = Join-Path $mirror 'image.vhdx'
        $bytes = [System.IO.File]::ReadAllBytes($copy)
        $bytes[1234567] = $bytes[1234567] -bxor 255
        [System.IO.File]::WriteAllBytes($copy, $bytes)
        $env:PSModulePath = (Split-Path $module) + [System.IO.Path]::PathSeparator + $env:PSModulePath
        $output = Invoke-TestPowerShell -File (Join-Path $examples 'Test-Mirror.ps1') $torrent.Path -Mirror $mirror | Out-String
        $LASTEXITCODE | Should -Be 8
        $output | Should -Match 'Damaged'
        $seeder = $torrent | Start-TorrentSeed -Source $source -AsJob
        try {
            $mended = Invoke-Example Test-Mirror.ps1 "'$($torrent.Path)'", '-Mirror', "'$mirror'", '-Repair', '-StallTimeoutSeconds', 120
            $mended.Code | Should -Be 0 -Because $mended.Output
            (Get-FileHash $copy).Hash | Should -Be (Get-FileHash $image).Hash
        }
        finally {
            $seeder | Stop-Job
            $seeder | Remove-Job -Force
        }
    }
}
