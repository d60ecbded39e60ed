#Requires -Version 7.6
BeforeAll {
    Import-Module ($env:TORRENTPS_MODULE ?? (Join-Path $PSScriptRoot '../../out/TorrentPS')) -Force
    Import-Module (Join-Path $PSScriptRoot 'Fixtures.psm1') -Force
    $data = Join-Path $TestDrive 'data'
    $null = New-Item -ItemType Directory $data, (Join-Path $data 'sub'), (Join-Path $TestDrive 'out')
    $random = [System.Random]::new(1)
    foreach ($file in 'a.iso', 'b.iso', 'set[1].iso', 'sub/c.tmp', '.hidden') {
        $bytes = [byte[]]::new(100000)
        $random.NextBytes($bytes)
        [System.IO.File]::WriteAllBytes((Join-Path $data $file), $bytes)
    }
}

Describe 'New-Torrent' {
    BeforeEach {
        Push-Location (Join-Path $TestDrive 'out')
        Remove-Item * -Force
    }
    AfterEach { Pop-Location }

    It 'creates a torrent from a file in the current location' {
        $info = New-Torrent ../data/a.iso -Tracker http://10.0.0.5:6969/announce -Comment hello -WebSeed http://web.example/ -PieceLength 16KB
        $info | Should -BeOfType TorrentPS.TorrentInfo
        $info.Name | Should -Be 'a.iso'
        $info.Path | Should -Be (Join-Path $TestDrive 'out/a.iso.torrent')
        $info.DataFolder | Should -Be $data
        $info.PieceCount | Should -Be 7
        $info.Comment | Should -Be 'hello'
        $info.WebSeeds | Should -Be 'http://web.example/'
        $info.CreationDate | Should -BeGreaterThan ([DateTimeOffset]::UtcNow.AddMinutes(-5))
        $read = Get-TorrentInfo a.iso.torrent
        $read.InfoHash | Should -Be $info.InfoHash
        $read.DataFolder | Should -BeNullOrEmpty
        (Get-ChildItem -Force).Name | Should -Be 'a.iso.torrent'
    }

    It 'creates a torrent from a folder, including hidden files' {
        $info = New-Torrent ../data -Private -Source TRACKER -Tracker http://t.example/announce
        $info.Files.Path | Should -Be 'data/.hidden', 'data/a.iso', 'data/b.iso', 'data/set[1].iso', 'data/sub/c.tmp'
        $info.IsPrivate | Should -BeTrue
        $info.Source | Should -Be 'TRACKER'
    }

    It 'creates one torrent per file from the pipeline' {
        $made = Get-ChildItem ../data/*.iso | New-Torrent
        $made.Name | Should -Be 'a.iso', 'b.iso', 'set[1].iso'
        (Get-ChildItem).Name | Should -Be 'a.iso.torrent', 'b.iso.torrent', 'set[1].iso.torrent'
    }

    It 'creates one torrent from several paths: <Name>' -ForEach @(
        @{ Name = 'an array'; Arguments = @{ Path = '../data/b.iso', '../data/sub' }; Expected = 'data/b.iso', 'data/sub/c.tmp' }
        @{ Name = 'a wildcard'; Arguments = @{ Path = '../data/*.iso' }; Expected = 'data/a.iso', 'data/b.iso', 'data/set[1].iso' }
        @{ Name = 'literal paths'; Arguments = @{ LiteralPath = '../data/set[1].iso', '../data/a.iso' }; Expected = 'data/a.iso', 'data/set[1].iso' }
    ) {
        $info = New-Torrent @Arguments
        $info.Name | Should -Be 'data'
        $info.Files.Path | Should -Be $Expected
        $info.DataFolder | Should -Be "$TestDrive"
        $info | Test-TorrentData -Quiet | Should -BeTrue
    }

    It 'leaves out excluded files' {
        (New-Torrent ../data -Exclude *.ISO, .*).Files.Path | Should -Be 'data/sub/c.tmp'
    }

    It 'takes trackers by tier' {
        $info = New-Torrent ../data/a.iso -Tracker ('http://a.example/x', 'http://b.example/x'), 'udp://c.example:1'
        $info.Trackers.Count | Should -Be 2
        $info.Trackers[0] | Should -Be 'http://a.example/x', 'http://b.example/x'
        (New-Torrent ../data/b.iso -Tracker $info.Trackers).Trackers[1].OriginalString | Should -Be 'udp://c.example:1'
    }

    It 'returns no path of the data when it has another name' {
        $info = New-Torrent ../data/a.iso -Name renamed.iso
        $info.Path | Should -BeLike '*renamed.iso.torrent'
        $info.DataFolder | Should -BeNullOrEmpty
    }

    It 'writes to a file or into a folder' {
        (New-Torrent ../data/a.iso -Destination x.torrent).Path | Should -Be (Join-Path $TestDrive 'out/x.torrent')
        (New-Torrent ../data/a.iso -Destination ..).Path | Should -Be (Join-Path $TestDrive 'a.iso.torrent')
    }

    It 'never includes the new torrent itself' {
        (New-Torrent ../data -Destination ../data/data.torrent).FileCount | Should -Be 5
        (New-Torrent ../data -Destination ../data/data.torrent -Force).FileCount | Should -Be 5
        Remove-Item ../data/data.torrent
    }

    It 'replaces a torrent only with -Force' {
        $first = New-Torrent ../data/a.iso
        New-Torrent ../data/a.iso -Comment new -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -Be 'TorrentExists,TorrentPS.Commands.NewTorrentCommand'
        $failed[0].CategoryInfo.Category | Should -Be 'ResourceExists'
        (New-Torrent ../data/a.iso -Comment new -Force).InfoHash | Should -Be $first.InfoHash
        (Get-TorrentInfo a.iso.torrent).Comment | Should -Be 'new'
    }

    It 'writes no two torrents to one file' {
        $made = '../data/a.iso', '../data/b.iso' | New-Torrent -Destination x.torrent -Force -ErrorVariable failed -ErrorAction SilentlyContinue
        $made.Name | Should -Be 'a.iso'
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'TorrentExists,*'
    }

    It 'does nothing with -WhatIf' {
        New-Torrent ../data -WhatIf | Should -BeNullOrEmpty
        Get-ChildItem | Should -BeNullOrEmpty
    }

    It 'continues after a missing input' {
        $made = '../data/none', '../data/a.iso' | New-Torrent -ErrorVariable failed -ErrorAction SilentlyContinue
        $made.Name | Should -Be 'a.iso'
        $failed.Count | Should -Be 1
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'TorrentNotFound,*'
    }

    It 'creates no torrent when one of the paths is missing' {
        New-Torrent ../data/a.iso, ../data/none -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'TorrentNotFound,*'
        Get-ChildItem | Should -BeNullOrEmpty
    }

    It 'refuses <Name>' -ForEach @(
        @{ Name = 'a pattern that matches nothing'; Arguments = @{ Path = '../data/*.none' }; Id = 'TorrentNotFound' }
        @{ Name = 'brackets taken for a pattern'; Arguments = @{ Path = '../data/set[1].iso' }; Id = 'TorrentNotFound'; Message = '-LiteralPath' }
        @{ Name = 'another provider'; Arguments = @{ Path = 'Env:/PATH' }; Id = 'TorrentNotFound'; Message = 'Environment' }
        @{ Name = 'a name that is a path'; Arguments = @{ Path = '../data/a.iso'; Name = 'x/y' }; Id = 'UnsafePath' }
        @{ Name = 'a folder that is not there'; Arguments = @{ Path = '../data/a.iso'; Destination = 'none/x.torrent' }; Id = 'AccessDenied' }
        @{ Name = 'nothing left'; Arguments = @{ Path = '../data'; Exclude = '*' }; Id = 'InvalidTorrent' }
    ) {
        New-Torrent @Arguments -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failed.Count | Should -Be 1
        $failed[0].FullyQualifiedErrorId | Should -BeLike "$Id,*"
        $failed[0].Exception.Message | Should -Match $Message
        Get-ChildItem | Should -BeNullOrEmpty
    }

    It 'continues after an unusable input' {
        $null = New-Item -ItemType Directory ../empty -Force
        $made = '../empty', '../data/a.iso' | New-Torrent -ErrorVariable failed -ErrorAction SilentlyContinue
        $made.Name | Should -Be 'a.iso'
        $failed[0].FullyQualifiedErrorId | Should -BeLike 'InvalidTorrent,*'
        $failed[0].TargetObject | Should -Be (Join-Path $TestDrive 'empty')
    }

    It 'refuses an argument: <Name>' -ForEach @(
        @{ Name = 'pieces of 1000 bytes'; Arguments = @{ PieceLength = 1000 }; Message = 'power of two' }
        @{ Name = 'pieces of 8KB'; Arguments = @{ PieceLength = 8KB }; Message = 'power of two' }
        @{ Name = 'pieces of 512MB'; Arguments = @{ PieceLength = 512MB }; Message = 'power of two' }
        @{ Name = 'a tracker that is no address'; Arguments = @{ Tracker = 'foo' }; Message = 'announce address' }
        @{ Name = 'a web seed that is no address'; Arguments = @{ WebSeed = 'foo' }; Message = 'http' }
    ) {
        { New-Torrent ../data/a.iso @Arguments } | Should -Throw -ExpectedMessage "*$Message*"
    }

    It 'completes trackers from the torrents in the current location, the most common first' {
        $null = New-Torrent ../data/a.iso -Tracker http://a.example/announce, udp://b.example:6969
        $null = New-Torrent ../data/b.iso -Tracker 'https://c.example/announce?key=1', udp://b.example:6969
        Set-Content broken.torrent 'none'
        foreach ($case in @(
                @{ Word = ''; Expected = 'udp://b.example:6969', 'http://a.example/announce', "'https://c.example/announce?key=1'" }
                @{ Word = 'b.ex'; Expected = 'udp://b.example:6969' }
                @{ Word = 'http://a.example/announce,h'; Expected = 'http://a.example/announce', "'https://c.example/announce?key=1'" }
                @{ Word = 'none'; Expected = @() }
            )) {
            $line = "New-Torrent x -Tracker $($case.Word)"
            $found = (TabExpansion2 $line $line.Length).CompletionMatches | Where-Object ResultType -EQ ParameterValue
            $found.CompletionText | Should -Be $case.Expected -Because $case.Word
        }
        $line = 'New-Torrent x -Tracker '
        $tips = (TabExpansion2 $line $line.Length).CompletionMatches.ToolTip
        $tips[0] | Should -Be 'The tracker of a.iso.torrent and 1 more.'
        $tips[1] | Should -Be 'The tracker of a.iso.torrent.'
    }

    It 'records similar torrents and collections' {
        $plain = New-Torrent ../data/a.iso
        $hinted = New-Torrent ../data/a.iso hinted.torrent -Similar $plain.InfoHash -Collection com.example.images, other
        $hinted.InfoHash | Should -Not -Be $plain.InfoHash
        $read = (ConvertFrom-Bencode -LiteralPath hinted.torrent).info
        $read.collections | ForEach-Object { "$_" } | Should -Be 'com.example.images', 'other'
        "$($read.similar[0])" | Should -Be $plain.InfoHash
        { New-Torrent ../data/a.iso -Similar nothing } | Should -Throw -ErrorId 'ParameterArgumentValidationError,*'
    }

    It 'completes piece lengths' {
        $line = 'New-Torrent x -PieceLength 1'
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be '16KB', '128KB', '1MB', '16MB'
    }

    It 'leaves no file behind when it is stopped' {
        $large = Join-Path $TestDrive 'large'
        $stream = [System.IO.File]::Create($large)
        $stream.SetLength(64GB)
        $stream.Dispose()
        $shell = [powershell]::Create().AddScript({
                param($module, $large, $out)
                Import-Module $module
                New-Torrent $large -Destination $out
            }).AddArgument((Get-Module TorrentPS).Path).AddArgument($large).AddArgument((Join-Path $TestDrive 'out'))
        $running = $shell.BeginInvoke()
        Wait-Until { $shell.Streams.Progress.Count -gt 0 }
        $shell.Streams.Progress[0].Activity | Should -Be 'Hashing large'
        $shell.Stop()
        $running.IsCompleted | Should -BeTrue
        Get-ChildItem -Force | Should -BeNullOrEmpty
        $shell.Dispose()
        Remove-Item $large
    }
}
