#Requires -Version 7.6
BeforeAll {
    $module = $env:TORRENTPS_MODULE ?? (Join-Path $PSScriptRoot '../../out/TorrentPS')
    Import-Module $module -Force
    $examples = Join-Path $PSScriptRoot '../../examples'
    $pwsh = (Get-Process -Id $PID).Path
    $source = Join-Path $TestDrive 'source'
    $null = New-Item -ItemType Directory $source
    $image = Join-Path $source 'image.vhdx'
    $bytes = [byte[]]::new(3000001)
    [System.Random]::new(1).NextBytes($bytes)
    [System.IO.File]::WriteAllBytes($image, $bytes)
    $tracker = [TorrentPS.Engine.Discovery.TrackerServer]::Start([ipendpoint]::new([ipaddress]::Loopback, 0), $null)

    function Invoke-Example {
        param([string] $Name, [string[]] $Arguments)

        $load = "Import-Module '$module'; & '$(Join-Path $examples $Name)' $Arguments"
        $output = & $pwsh -NoProfile -NonInteractive -Command $load 2>&1 | Out-String
        @{ Code = $LASTEXITCODE; Output = $output }
    }
}

AfterAll {
    $tracker.DisposeAsync().AsTask().Wait()
}

Describe 'The examples' {
    It 'have help: <_>' -ForEach 'Publish-Image.ps1', 'Receive-Image.ps1' {
        $help = Get-Help (Join-Path $examples $_)
        $help.Synopsis.Length | Should -BeGreaterThan 20
        $help.Examples | Should -Not -BeNullOrEmpty
    }

    It 'receive an image from a seeder, and test it' {
        $torrent = New-Torrent $image -Tracker $tracker.AnnounceUri -Destination (Join-Path $TestDrive 'image.torrent') -Private
        $seeder = $torrent | Start-TorrentDownload -Destination $source -SeedSeconds 60 -AsJob
        try {
            $copy = Join-Path $TestDrive 'copy'
            $result = Invoke-Example Receive-Image.ps1 "'$($torrent.Path)'", '-Destination', "'$copy'", '-SeedSeconds', 0, '-StallTimeoutSeconds', 30
            $result.Code | Should -Be 0 -Because $result.Output
            $result.Output | Should -Match 'image\.vhdx\s+Completed'
            (Get-FileHash (Join-Path $copy 'image.vhdx')).Hash | Should -Be (Get-FileHash $image).Hash
        }
        finally {
            $seeder | Stop-Job
            $seeder | Remove-Job -Force
        }
    }

    It 'end with 1 where there is no torrent' {
        $result = Invoke-Example Receive-Image.ps1 "'$(Join-Path $TestDrive 'none.torrent')'", '-Destination', "'$TestDrive'"
        $result.Code | Should -Be 1
        $result.Output | Should -Match 'none\.torrent'
    }

    It 'publish an image that another machine receives' {
        $published = Join-Path $TestDrive 'published.torrent'
        $load = "Import-Module '$module'; & '$(Join-Path $examples 'Publish-Image.ps1')' '$image' -Tracker $($tracker.AnnounceUri) -Destination '$published' -SeedSeconds 60"
        $publisher = Start-Process $pwsh -ArgumentList '-NoProfile', '-NonInteractive', '-Command', "`"$load`"" -PassThru -RedirectStandardOutput (Join-Path $TestDrive 'publisher.txt')
        try {
            $until = [datetime]::Now.AddSeconds(60)
            while (-not (Test-Path $published) -and [datetime]::Now -lt $until) { Start-Sleep -Milliseconds 50 }
            $copy = Join-Path $TestDrive 'received'
            $result = Invoke-Example Receive-Image.ps1 "'$published'", '-Destination', "'$copy'", '-SeedSeconds', 0, '-StallTimeoutSeconds', 45
            $result.Code | Should -Be 0 -Because $result.Output
            (Get-FileHash (Join-Path $copy 'image.vhdx')).Hash | Should -Be (Get-FileHash $image).Hash
        }
        finally {
            $publisher.Kill($true)
            $publisher.WaitForExit()
        }
    }
}
