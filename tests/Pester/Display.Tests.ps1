#Requires -Version 7.6
# Whatever strangers put into names, comments and answers, the module's output cannot control a terminal.
BeforeDiscovery {
    $root = Resolve-Path (Join-Path $PSScriptRoot '../..')
    $folder = $env:TORRENTPS_MODULE ?? (Join-Path $root 'out/TorrentPS')
    $views = foreach ($view in ([xml](Get-Content -Raw (Join-Path $folder 'TorrentPS.Format.ps1xml'))).Configuration.ViewDefinitions.View) {
        $shape = ($view.ChildNodes.Name | Where-Object { $_ -like '*Control' }) -replace 'Control'
        foreach ($type in @($view.ViewSelectedBy.TypeName)) {
            @{ Type = $type; View = $view.Name; Shape = $shape; Prefix = '' }
            @{ Type = $type; View = $view.Name; Shape = $shape; Prefix = 'Deserialized.' }
        }
    }
    $types = $views.Type | Sort-Object -Unique
}

BeforeAll {
    $root = Resolve-Path (Join-Path $PSScriptRoot '../..')
    Import-Module ($env:TORRENTPS_MODULE ?? (Join-Path $root 'out/TorrentPS')) -Force
    Import-Module (Join-Path $PSScriptRoot 'Fixtures.psm1') -Force

    # PowerShell removes no sequence by itself, and writes its own.
    $rendering = $PSStyle.OutputRendering
    $PSStyle.OutputRendering = 'Ansi'

    $script:evil = "a`e[31m`e]0;t`a`u{9b}2J`u{202e}b`r`nInfoHash: `u{2028}c`u{200b}`u{2066}`u{feff}`u{d800}`0`u{7f}d"
    $script:shown = 'a\u001b[31m\u001b]0;t\u0007\u009b2J\u202eb\u000d\u000aInfoHash: \u2028c\u200b\u2066\ufeff\ud800\u0000\u007fd'
    # Possible in file names.
    $script:evilName = $IsWindows ? "a`u{202e}b`u{200b}`$c'd" : "a`e]0;t`a`u{202e}b`u{200b}`$c'd"

    function Assert-Safe {
        # The written lines, without PowerShell's own colours, have no forbidden character.
        param([switch] $PassThru)

        $plain = ($input | Out-String -Width 4000) -replace "`e\[(?!31m)[\d;]+m" -replace '\r?\n', "`n"
        $plain -replace "`n" | Should -Not -Match '[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]|(?![\u200c\u200d])\p{Cf}'
        if ($PassThru) { $plain }
    }

    function Get-HostileValue {
        param([type] $Type)

        $Type = [Nullable]::GetUnderlyingType($Type) ?? $Type
        if ($Type -in [string], [object]) { $evil }
        elseif ($Type -eq [uri]) { [uri]"http://host/$("a`e[31m`u{202e}b")?$("`e]0;t`a`u{202e}")" }
        elseif ($Type.IsArray) { , @(Get-HostileValue $Type.GetElementType()) }
        elseif ($Type.IsEnum) { [enum]::GetValues($Type)[0] }
        elseif ($Type -eq [bool]) { $true }
        elseif ($Type.IsPrimitive) { 1 -as $Type }
        elseif ($Type -eq [TimeSpan]) { [TimeSpan]::FromMilliseconds(5) }
        elseif ($Type -in [DateTime], [DateTimeOffset]) { [DateTimeOffset]::UnixEpoch }
        elseif ($Type.IsGenericType) { , @(Get-HostileValue $Type.GenericTypeArguments[0]) }
        elseif ([System.Collections.IEnumerable].IsAssignableFrom($Type)) { , @($evil, $evil) }
        else { [pscustomobject]@{ Path = $evil } }
    }

    function New-HostileObject {
        # All properties of the type, as in an object read from a file; text is hostile.
        param([string] $TypeName, [string] $Prefix)

        $type = [AppDomain]::CurrentDomain.GetAssemblies() | Where-Object { $_.GetName().Name -in 'TorrentPS', 'TorrentPS.Engine' } | ForEach-Object { $_.GetType($TypeName) } | Select-Object -First 1
        $properties = [ordered]@{}
        foreach ($property in $type.GetProperties() | Where-Object { $_.GetIndexParameters().Count -eq 0 }) {
            $properties[$property.Name] = Get-HostileValue $property.PropertyType
        }
        $object = [pscustomobject]$properties
        $object.PSTypeNames.Insert(0, $Prefix + $TypeName)
        $object
    }
}

AfterAll {
    $PSStyle.OutputRendering = $rendering
}

Describe 'The view <View> (<Shape>) of <Prefix><Type>' -ForEach $views {
    It 'shows no character that controls a terminal' {
        $object = New-HostileObject $Type $Prefix
        $text = & "Format-$($Shape)" -InputObject $object -View $View -ErrorAction Stop | Assert-Safe -PassThru
        $text | Should -Not -BeNullOrEmpty
        if ($Shape -eq 'List') { $text.Replace("`n", '').Replace(' ', '') | Should -BeLike '*\u001b`[31m*' }
    }
}

Describe 'Objects of <_>' -ForEach $types {
    It 'show no such character by default, in a list, a table or a wide list' {
        $object = New-HostileObject $_
        $object, (New-HostileObject $_ 'Deserialized.') | ForEach-Object {
            $_ | Assert-Safe
            $_ | Format-List | Assert-Safe
            $_ | Format-Table | Assert-Safe
            $_ | Format-Table -Wrap -AutoSize | Assert-Safe
            $_ | Format-Wide | Assert-Safe
            # After an object of another type PowerShell uses no view.
            [pscustomobject]@{ a = 1 }, $_ | Assert-Safe
            [pscustomobject]@{ a = 1 }, $_ | Format-Table | Assert-Safe
            [pscustomobject]@{ a = 1 }, $_ | Format-List | Assert-Safe
        }
    }
}

Describe 'A hostile torrent' {
    BeforeAll {
        $script:file = Join-Path $TestDrive 'hostile.torrent'
        $bytes = ConvertTo-TestBencode ([ordered]@{
                announce        = "http://127.0.0.1:1/announce?`e[31m`u{202e}"
                comment         = "a`e[31m`u{9b}2J`u{202e}b`nInfoHash: c"
                'created by'    = "x`e]0;t`a"
                info            = [ordered]@{ length = 1; name = "n`e[31m`u{200b}"; 'piece length' = 16384; pieces = [byte[]]::new(20); source = "s`e[2J" }
                "k`e[31m`u{202e}" = @("v`e[31m", [ordered]@{ "i`e[31m" = 1 })
                nodes           = @(, @("h`e[31m", 1))
                'url-list'      = @("http://host/`e[31m`u{202e}")
            })
        [System.IO.File]::WriteAllBytes($file, $bytes)
    }

    It 'is shown safely, and keeps its real text' {
        $torrent = Get-TorrentInfo $file
        $torrent.Comment | Should -BeExactly "a`e[31m`u{9b}2J`u{202e}b`nInfoHash: c"
        $torrent.Source | Should -BeExactly "s`e[2J"
        $text = $torrent | Format-List | Assert-Safe -PassThru
        $text | Should -BeLike '*\u001b`[31m\u009b2J\u202eb\u000aInfoHash: c*'
        $torrent | Assert-Safe
        $torrent | Format-Table -View Pieces | Assert-Safe
        $torrent | Format-Wide | Assert-Safe
        $torrent.Files | Assert-Safe
    }

    It 'is shown safely as bencoded data, and keeps its real text' {
        $data = ConvertFrom-Bencode $file
        $data.Keys | Should -Contain "k`e[31m`u{202e}"
        foreach ($entry in $data.GetEnumerator()) { $entry | Should -BeOfType ([System.Collections.DictionaryEntry]) }
        $text = $data | Assert-Safe -PassThru
        $text | Should -Match '(?m)^Name +Value'
        $text | Should -Match '(?m)^comment +a\\u001b\[31m'
        $text | Should -Match '(?m)^k\\u001b\[31m\\u202e +\{v\\u001b'
        foreach ($shape in 'List', 'Table', 'Wide') {
            $data | & "Format-$shape" | Assert-Safe
            , $data["k`e[31m`u{202e}"] | & "Format-$shape" | Assert-Safe
        }
        , $data["k`e[31m`u{202e}"] | Assert-Safe
        , $data.nodes | Assert-Safe -PassThru | Should -BeLike '*{h\u001b`[31m, 1}*'
        $data.comment | Assert-Safe
        $data.comment.ToString() | Should -BeExactly "a`e[31m`u{9b}2J`u{202e}b`nInfoHash: c"
        [System.Convert]::ToHexString((ConvertTo-Bencode $data)) | Should -Be ([System.Convert]::ToHexString([System.IO.File]::ReadAllBytes($file)))
    }

    It 'has a tracker whose failure reason is shown safely' {
        $tracker = [TestTracker]::new()
        try {
            $tracker.Failure = "no`e[31m`e]0;t`a`u{202e}"
            $torrent = New-TestTorrent -Path (Join-Path $TestDrive 'refused.torrent') -Tracker $tracker.Url
            $null = Get-TorrentPeer -LiteralPath $torrent.Path -Source Tracker -ErrorVariable failures -ErrorAction SilentlyContinue
            $failures.Exception.Message -join ' ' | Should -BeLike '*no\u001b`[31m*'
            foreach ($view in 'ConciseView', 'NormalView', 'CategoryView') {
                $ErrorView = $view
                $failures | ForEach-Object { $_ | Assert-Safe }
            }
        }
        finally {
            $tracker.Dispose()
        }
    }
}

Describe 'Text in streams' {
    BeforeAll {
        $script:data = Join-Path $TestDrive $evilName
        $script:torrent = New-TestTorrent -Path (Join-Path $TestDrive 'plain.torrent') -DataRoot $data
        $script:copy = Join-Path $data 'x.torrent'
        Copy-Item -LiteralPath $torrent.Path -Destination $copy
    }

    It 'is safe in errors about paths, by every view' {
        $ErrorActionPreference = 'Continue'
        $missing = Join-Path $data 'missing.torrent'
        $failures = @(
            Get-TorrentInfo -LiteralPath $missing 2>&1
            Get-TorrentInfo -LiteralPath $data 2>&1
            Get-TorrentInfo -Uri "nonsense:$evil" 2>&1
            Test-TorrentData -LiteralPath $copy -Source (Join-Path $data 'nowhere') 2>&1
            ConvertFrom-Bencode -LiteralPath $missing 2>&1
            try { Save-Torrent -LiteralPath $copy -Destination "nodrive:\$evilName" } catch { $_ }
            try { Test-PeerHandshake -EndPoint 127.0.0.1:1 -InfoHash $evil } catch { $_ }
            try { Start-TorrentSeed -LiteralPath $copy -Source $data -Peer $evil } catch { $_ }
            try { New-Torrent -LiteralPath $data -Tracker $evil } catch { $_ }
        ) | Where-Object { $_ -is [System.Management.Automation.ErrorRecord] }
        $failures.Count | Should -BeGreaterOrEqual 8
        foreach ($view in 'ConciseView', 'NormalView', 'CategoryView') {
            $ErrorView = $view
            foreach ($failure in $failures) {
                # The user's input is shown unchanged.
                $record = [System.Management.Automation.ErrorRecord]::new($failure, $failure.Exception)
                "$record" | Assert-Safe
                $failure.CategoryInfo.TargetName | Assert-Safe
            }
        }
    }

    It 'is safe in verbose lines, warnings and prompts of ShouldProcess' {
        # Verbose lines use stream 4, warnings stream 3.
        $result = Start-TorrentDownload -LiteralPath $copy -Destination $data -Source Manual -ReuseFrom (Join-Path $data 'nowhere') -Verbose 4>&1 3>&1
        @($result | Where-Object { $_ -is [System.Management.Automation.VerboseRecord] }).Count | Should -BeGreaterThan 0
        @($result | Where-Object { $_ -is [System.Management.Automation.WarningRecord] }).Count | Should -BeGreaterThan 0
        $result | ForEach-Object { $_ | Assert-Safe; if ($_ -is [System.Management.Automation.InformationalRecord]) { $_.Message | Assert-Safe } }

        $transcript = Join-Path $TestDrive 'what-if.txt'
        $null = Start-Transcript $transcript
        try { Start-TorrentDownload -LiteralPath $copy -Destination $data -WhatIf } finally { $null = Stop-Transcript }
        $line = [System.IO.File]::ReadAllLines($transcript) | Where-Object { $_ -like 'What if:*' }
        $line | Should -Not -BeNullOrEmpty
        $line | Assert-Safe
    }

    It 'is safe in the jobs of transfers, and in their progress' {
        $job = Start-TorrentDownload -LiteralPath $copy -Destination $data -Source Manual -AsJob -Verbose
        try {
            $null = Wait-Job $job
            $job | Assert-Safe
            $job | Format-List | Assert-Safe
            $job.StatusMessage | Assert-Safe
            $job.Verbose.Count | Should -BeGreaterThan 0
            foreach ($record in @($job.Verbose) + $job.Warning) { $record.Message | Assert-Safe }
            foreach ($record in $job.Progress) { $record.Activity, $record.StatusDescription | ForEach-Object { $_ | Assert-Safe } }
            Receive-Job $job | Assert-Safe
        }
        finally {
            Remove-Job $job -Force
        }
    }

    It 'is safe in reports and in results of saving' {
        Test-TorrentData -LiteralPath $copy -Source $data | ForEach-Object { $_ | Assert-Safe; $_ | Format-List | Assert-Safe }
        Get-TorrentInfo -LiteralPath $copy | Format-List | Assert-Safe
        New-Torrent -LiteralPath (Join-Path $data $torrent.Name) -Destination (Join-Path $data 'new.torrent') | Format-List | Assert-Safe
    }

    It 'is safe in completions, which remain the real path' {
        Push-Location -LiteralPath $TestDrive
        try {
            foreach ($line in "Get-TorrentInfo -Path ./$($evilName[0])", "Get-TorrentInfo -LiteralPath ./$($evilName[0])") {
                $found = (TabExpansion2 $line $line.Length).CompletionMatches | Where-Object { $_.ResultType -eq 'ProviderContainer' }
                $found.Count | Should -Be 1
                $found.CompletionText | Assert-Safe
                $found.ListItemText | Assert-Safe
                $found.ToolTip | Assert-Safe
                $path = [System.Management.Automation.Language.Parser]::ParseInput($found.CompletionText, [ref] $null, [ref] $null).EndBlock.Statements[0].PipelineElements[0].Expression.Value
                # PowerShell escapes wildcard characters even if there are none.
                [WildcardPattern]::Unescape($path) | Should -BeExactly "./$evilName"
            }
            $line = 'Start-TorrentDownload -Uri $link -Source Manual -Path hostile.torrent -Include '
            (TabExpansion2 $line $line.Length).CompletionMatches | ForEach-Object { $_.CompletionText, $_.ListItemText, $_.ToolTip | ForEach-Object { $_ | Assert-Safe } }
        }
        finally {
            Pop-Location
        }
    }
}
