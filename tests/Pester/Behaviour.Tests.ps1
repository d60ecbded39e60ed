#Requires -Version 7.6
# PowerShell's guidelines for every cmdlet: docs/conformance.md names these tests.
BeforeDiscovery {
    Import-Module ($env:TORRENTPS_MODULE ?? (Join-Path $PSScriptRoot '../../out/TorrentPS')) -Force
    $commands = @(Get-Command -Module TorrentPS | ForEach-Object { @{ Name = $_.Name; Command = $_ } })
}

BeforeAll {
    $module = $env:TORRENTPS_MODULE ?? (Join-Path $PSScriptRoot '../../out/TorrentPS')
    Import-Module $module -Force
    Import-Module (Join-Path $PSScriptRoot 'Fixtures.psm1') -Force
    $data = Join-Path $TestDrive 'data'
    $files = [ordered]@{ 'a.txt' = 10; 'sub/b.bin' = 300000 }
    $many = New-TestTorrent -Path (Join-Path $TestDrive 'many.torrent') -Name 'many' -Files $files -DataRoot $data -Tracker 'http://127.0.0.1:1/announce'
    $download = [TorrentPS.TorrentDownload]@{
        Name = 'x'; InfoHash = '0' * 40; State = 'Completed'; Path = '/x'; BytesWanted = 5MB; BytesCompleted = 5MB; Elapsed = [timespan]::FromSeconds(90); DownloadRate = 1MB
    }
    $peer = [TorrentPS.TorrentPeer]@{ Address = '2001:db8::1'; Port = 6881; InfoHash = '0' * 40; Source = 'Tracker'; Tracker = 'http://tracker.example:6969/announce'; TorrentName = 'x' }
    $handshake = [TorrentPS.PeerHandshake]@{ Address = '192.0.2.1'; Port = 6881; InfoHash = '0' * 40; Status = 'Succeeded'; Client = 'X 1.0'; PeerId = '-XX1000-abcdefghijkl'; Latency = [timespan]::FromMilliseconds(24) }
    $tracker = [TorrentPS.TorrentTracker]@{ Uri = 'http://tracker.example/announce'; Tier = 0; InfoHash = '0' * 40; Seeders = 3; Leechers = 1; Latency = [timespan]::FromMilliseconds(24) }

    function Invoke-InRunspace {
        # Language mode and strict mode, in a separate runspace.
        param([string] $Script, [System.Management.Automation.PSLanguageMode] $LanguageMode = 'FullLanguage')

        $shell = [powershell]::Create()
        try {
            $null = $shell.AddScript("Import-Module '$module'; `$PSStyle.OutputRendering = 'PlainText'").Invoke()
            $shell.Commands.Clear()
            $shell.Runspace.SessionStateProxy.LanguageMode = $LanguageMode
            $output = $shell.AddScript($Script).Invoke() | Out-String
            $shell.Streams.Error | Should -BeNullOrEmpty
            $output
        }
        finally { $shell.Dispose() }
    }
}

Describe '<Name>' -ForEach $commands {
    It 'has an approved verb, and a singular noun of Pascal case' {
        (Get-Verb $Command.Verb) | Should -Not -BeNullOrEmpty
        $Command.Noun | Should -MatchExactly '^([A-Z][a-z]+)+$'
        $Command.Noun | Should -Not -Match 's$'
    }

    It 'has a public class named by verb and noun, in a namespace Commands' {
        $Command.ImplementingType.FullName | Should -BeExactly "TorrentPS.Commands.$($Command.Verb)$($Command.Noun)Command"
        $Command.ImplementingType.IsPublic | Should -BeTrue
        $Command.ImplementingType | Should -BeLike '*Command'
        [System.Management.Automation.PSCmdlet].IsAssignableFrom($Command.ImplementingType) | Should -BeTrue
    }

    It 'has parameters of Pascal case, and no two that differ by case' {
        $Command.Parameters.Keys | ForEach-Object { $_ | Should -MatchExactly '^([A-Z][a-zA-Z0-9]*)$' }
    }

    It 'asks before it changes anything: -WhatIf and -Confirm where the verb changes something' {
        $changes = $Command.Verb -in 'New', 'Save', 'Start'
        $Command.Parameters.ContainsKey('WhatIf') | Should -Be $changes
        $Command.Parameters.ContainsKey('Confirm') | Should -Be $changes
    }

    It 'has -LiteralPath with the alias PSPath beside -Path' {
        if ($Command.Parameters.ContainsKey('Path')) {
            $Command.Parameters['LiteralPath'].Aliases | Should -Contain 'PSPath'
            $Command.Parameters['Path'].ParameterType | Should -Be ([string[]])
            $Command.Parameters['Path'].Attributes.Where({ $_ -is [SupportsWildcards] }) | Should -Not -BeNullOrEmpty
            $Command.DefaultParameterSet | Should -Be 'Path'
        }
    }
}

Describe 'Objects' {
    It 'index a torrent''s files' {
        (Get-TorrentInfo $many.Path).Files[1].Path | Should -Be 'many/sub/b.bin'
        (Get-TorrentInfo $many.Path).Files[-1].Length | Should -Be 300000
    }

    It 'survive Export-Clixml with all properties, and look the same' {
        $path = Join-Path $TestDrive 'objects.xml'
        foreach ($object in (Get-TorrentInfo $many.Path), $download, $peer, $handshake, $tracker) {
            $object | Export-Clixml $path
            $back = Import-Clixml $path
            $back | Format-Table | Out-String -Width 120 | Should -Be ($object | Format-Table | Out-String -Width 120)
            $back | Format-List | Out-String -Width 200 | Should -Be ($object | Format-List | Out-String -Width 200)
        }
    }

    It 'survive a job with files and trackers' {
        $back = Start-Job { Import-Module $using:module; Get-TorrentInfo $using:many.Path } | Receive-Job -Wait -AutoRemoveJob
        $back.PSTypeNames[0] | Should -Be 'Deserialized.TorrentPS.TorrentInfo'
        $back.Files[1].Length | Should -Be 300000
        $back.Trackers[0][0] | Should -Be 'http://127.0.0.1:1/announce'
    }

    It 'have JSON that is flat: text for addresses and hashes, numbers for durations' {
        $json = $peer | ConvertTo-Json -EnumsAsStrings | ConvertFrom-Json
        $json.Address | Should -Be '2001:db8::1'
        $json.EndPoint | Should -Be '[2001:db8::1]:6881'
        $json.InfoHash | Should -Be ('0' * 40)
        $json.Source | Should -Be 'Tracker'
        $json.Tracker | Should -Be 'http://tracker.example:6969/announce'
        ($handshake | Select-Object * -ExcludeProperty Latency | ConvertTo-Json -EnumsAsStrings | ConvertFrom-Json).LatencySeconds | Should -Be 0.024
        ($download | Select-Object * -ExcludeProperty Elapsed | ConvertTo-Json -EnumsAsStrings | ConvertFrom-Json).ElapsedSeconds | Should -Be 90
        ($download | ConvertTo-Json -EnumsAsStrings | ConvertFrom-Json).PSObject.Properties.Name | Should -Not -Contain 'PercentText'
    }

    It 'have tables by name: <View>' -ForEach @(
        @{ View = 'Pieces'; Objects = { Get-TorrentInfo $many.Path }; Expected = 'PieceSize' }
        @{ View = 'Totals'; Objects = { $download }; Expected = 'Ratio' }
    ) {
        $text = & $Objects | Format-Table -View $View | Out-String -Width 120
        $text | Should -Match $Expected
        $text -split "`n" | ForEach-Object { $_.TrimEnd().Length | Should -BeLessOrEqual 120 }
    }

    It 'are shown within 120 columns, with units' {
        $text = $download, $peer, $handshake, $tracker | ForEach-Object { $_ | Format-Table | Out-String -Width 120 }
        -join $text | Should -Match '1 MiB/s'
        -join $text | Should -Match '24 ms'
        -join $text | Should -Match '1 min 30 s'
        (-join $text) -split "`n" | ForEach-Object { $_.TrimEnd().Length | Should -BeLessOrEqual 120 }
    }

    It 'show a torrent of 300 files as one line' {
        $big = [ordered]@{}
        1..300 | ForEach-Object { $big["file-$_.bin"] = 100 }
        $torrent = New-TestTorrent -Path (Join-Path $TestDrive 'big.torrent') -Name 'big' -Files $big
        $lines = @((Get-TorrentInfo $torrent.Path | Out-String -Width 120) -split "`n" | Where-Object { $_.Trim() })
        $lines.Count | Should -Be 3
        $lines[2] | Should -Match '\b300\b'
    }

    It 'read well as text' {
        "$($many.Name)", "$(Get-TorrentInfo $many.Path)" | Select-Object -Unique | Should -Be 'many'
        "$download", "$peer", "$handshake", "$tracker" | Should -Be 'x Completed', '[2001:db8::1]:6881', '192.0.2.1:6881 Succeeded', 'http://tracker.example/announce'
    }
}

Describe 'The cmdlets' {
    It 'work, and show the same, in constrained language mode' {
        $script = "Get-TorrentInfo '$($many.Path)'; Get-TorrentInfo '$($many.Path)' | Format-List; ConvertFrom-Bencode '$($many.Path)'"
        $full = Invoke-InRunspace $script
        $full | Should -Match '293 KiB'
        Invoke-InRunspace $script -LanguageMode ConstrainedLanguage | Should -Be $full
    }

    It 'work in strict mode' {
        $null = Invoke-InRunspace "Set-StrictMode -Version Latest; Get-TorrentInfo '$($many.Path)' | Format-List; Get-TorrentInfo 'magnet:?xt=urn:btih:$('a' * 40)' | Format-List; Test-TorrentData '$($many.Path)' '$data'"
    }

    It 'work in ForEach-Object -Parallel and Start-ThreadJob' {
        1..4 | ForEach-Object -Parallel { Import-Module $using:module; (Get-TorrentInfo $using:many.Path).InfoHash } | Should -Be (@($many.InfoHash) * 4)
        $path = $many.Path
        Start-ThreadJob { Import-Module $using:module; Test-TorrentData $using:path $using:data -Quiet } | Receive-Job -Wait -AutoRemoveJob | Should -BeTrue
    }

    It 'work with Select-Object -First 1, and let the pipeline continue' {
        @(Get-TorrentInfo $many.Path, $many.Path | Select-Object -First 1).Count | Should -Be 1
        @(Test-TorrentData $many.Path $data | Select-Object -First 1).Count | Should -Be 1
    }

    It 'follow -ErrorAction: <Action>' -ForEach @(
        @{ Action = 'SilentlyContinue'; Seen = 0; Remembered = 1 }
        @{ Action = 'Ignore'; Seen = 0; Remembered = 0 }
        @{ Action = 'Continue'; Seen = 1; Remembered = 1 }
    ) {
        $kept = @()
        $shown = @(Get-TorrentInfo (Join-Path $TestDrive 'none.torrent') -ErrorAction $Action -ErrorVariable kept 2>&1)
        $shown.Count | Should -Be $Seen
        @($kept).Count | Should -Be $Remembered
        { Get-TorrentInfo (Join-Path $TestDrive 'none.torrent') -ErrorAction Stop } | Should -Throw -ErrorId 'TorrentNotFound,*'
    }

    It 'log a download without peers with -Verbose' {
        $story = Start-TorrentDownload $many.Path (Join-Path $TestDrive 'story') -Source Tracker -StallTimeoutSeconds 2 -Verbose -ErrorAction SilentlyContinue 4>&1 |
            Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }
        $story.Message -match 'many: Checking' | Should -Not -BeNullOrEmpty
        $story.Message -match '127\.0\.0\.1:1' | Should -Not -BeNullOrEmpty
        $story.Message -match 'many: Downloading, 0\.0 %' | Should -Not -BeNullOrEmpty
    }

    It 'complete <Line>' -ForEach @(
        @{ Line = 'Start-TorrentDownload x -DownloadLimit 5'; Expected = '5MB'; ToolTip = 'a second' }
        @{ Line = 'Start-TorrentSeed x -UploadLimit 1MB'; Expected = '1MB'; ToolTip = 'a second' }
        @{ Line = 'Start-TorrentTracker -Address 127'; Expected = '127.0.0.1'; ToolTip = 'Only' }
        @{ Line = 'Start-TorrentDownload x -Source D'; Expected = 'Dht'; ToolTip = 'Dht' }
        @{ Line = 'Start-TorrentDownload x -Encryption R'; Expected = 'Require'; ToolTip = 'Require' }
        @{ Line = 'Start-TorrentTracker -Protocol U'; Expected = 'Udp'; ToolTip = 'Udp' }
        @{ Line = 'Start-TorrentDownload x -StallT'; Expected = '-StallTimeoutSeconds'; ToolTip = 'stalled' }
    ) {
        $match = (TabExpansion2 $Line $Line.Length).CompletionMatches | Where-Object CompletionText -EQ $Expected
        $match | Should -Not -BeNullOrEmpty
        $match.ToolTip | Should -Match $ToolTip
    }
}

Describe 'Arguments' {
    It 'take sizes, rates and end points as people write them: <Argument>' -ForEach @(
        @{ Argument = @{ DownloadLimit = 5MB } }
        @{ Argument = @{ DownloadLimit = '5MB/s'; UploadLimit = '500KB' } }
        @{ Argument = @{ Peer = '192.0.2.1:6881', '[2001:db8::1]:6881', 'peer.example:6881' } }
        @{ Argument = @{ MaxPeers = 10; Sequential = $true; SeedRatio = 1.5; SeedSeconds = 10; TimeoutSeconds = 10; StallTimeoutSeconds = 10; ThrottleLimit = 2; Transport = 'Tcp' } }
    ) {
        { Start-TorrentDownload $many.Path (Join-Path $TestDrive 'whatif') @Argument -WhatIf } | Should -Not -Throw
        Join-Path $TestDrive 'whatif' | Should -Not -Exist
    }

    It 'are refused with an example of a valid value: <Name> <Value>' -ForEach @(
        @{ Name = 'DownloadLimit'; Value = '5XB'; Words = 'as in 500KB, 5MB' }
        @{ Name = 'UploadLimit'; Value = '-1'; Words = '' }
        @{ Name = 'Peer'; Value = '192.0.2.1'; Words = 'HOST:PORT' }
        @{ Name = 'Peer'; Value = '2001:db8::1:6881'; Words = '\[2001:db8::1\]:6881' }
        @{ Name = 'Peer'; Value = 'peer.example:0'; Words = 'HOST:PORT' }
        @{ Name = 'Port'; Value = 0; Words = '' }
        @{ Name = 'MaxPeers'; Value = 0; Words = '' }
        @{ Name = 'Encryption'; Value = 'Maybe'; Words = 'Prefer, Require, Off' }
        @{ Name = 'Source'; Value = 'Nowhere'; Words = 'LocalDiscovery' }
        @{ Name = 'StallTimeoutSeconds'; Value = -1; Words = '' }
    ) {
        $argument = @{ $Name = $Value }
        $refusal = { Start-TorrentDownload $many.Path (Join-Path $TestDrive 'refused') @argument } | Should -Throw -PassThru
        "$refusal" | Should -Match $Name
        "$refusal" | Should -Match $Words
    }
}
