#Requires -Version 7.6
BeforeAll {
    Import-Module ($env:TORRENTPS_MODULE ?? (Join-Path $PSScriptRoot '../../out/TorrentPS')) -Force
    $data = Join-Path $TestDrive 'data'
    $null = New-Item -ItemType Directory $data
    $random = [System.Random]::new(1)
    foreach ($file in 'a', 'b', 'c') {
        $bytes = [byte[]]::new(64KB)
        $random.NextBytes($bytes)
        [System.IO.File]::WriteAllBytes((Join-Path $data $file), $bytes)
    }
    $torrent = Join-Path $TestDrive 'data.torrent'
    $null = New-Torrent $data -Destination $torrent -PieceLength 16KB
}

Describe 'Test-TorrentData' {
    It 'reports each file as complete' {
        $reports = Test-TorrentData $torrent $TestDrive
        $reports | Should -BeOfType TorrentPS.TorrentDataReport
        $reports.Path | Should -Be 'data/a', 'data/b', 'data/c'
        $reports.FullName | Should -Be (Join-Path $data a), (Join-Path $data b), (Join-Path $data c)
        $reports.Status | Should -Be Complete, Complete, Complete
        $reports.PercentComplete | Should -Be 100, 100, 100
        $reports[0].InfoHash | Should -Be (Get-TorrentInfo $torrent).InfoHash
        Test-TorrentData $torrent $TestDrive -Quiet | Should -BeExactly $true
    }

    It 'searches the current location, and the source of New-Torrent' {
        Push-Location $TestDrive
        try { Test-TorrentData data.torrent -Quiet | Should -BeTrue } finally { Pop-Location }
        New-Torrent $data -Destination (Join-Path $TestDrive 'again.torrent') -Force | Test-TorrentData -Quiet | Should -BeTrue
        Get-Item $torrent | Test-TorrentData -Destination $TestDrive -Quiet | Should -BeTrue
    }

    It 'reports flaws, and changes nothing' {
        $copy = Join-Path $TestDrive 'copy'
        Copy-Item $data (Join-Path $copy 'data') -Recurse
        $stream = [System.IO.File]::OpenWrite((Join-Path $copy 'data/a'))
        $stream.Position = 20000
        $stream.Write([byte[]]::new(10), 0, 10)
        $stream.SetLength(64KB)
        $stream.Dispose()
        Remove-Item (Join-Path $copy 'data/c')
        $before = Get-ChildItem $copy -Recurse -Force | Select-Object FullName, Length, LastWriteTimeUtc | ConvertTo-Json
        $reports = Test-TorrentData $torrent -Source $copy
        $reports.Status | Should -Be Damaged, Complete, Missing
        $reports[0].BytesBad | Should -Be 16KB
        $reports[0].PiecesBad | Should -Be 1
        $reports[0].PercentComplete | Should -Be 75
        $reports[2].BytesMissing | Should -Be 64KB
        $reports[2].LengthOnDisk | Should -BeNullOrEmpty
        Test-TorrentData $torrent -Source $copy -Quiet -ErrorVariable failed | Should -BeExactly $false
        $failed | Should -BeNullOrEmpty
        (Test-TorrentData $torrent $copy -Include b).Status | Should -Be Complete
        (Test-TorrentData $torrent $copy -Exclude a, data/c).Path | Should -Be 'data/b'
        Get-ChildItem $copy -Recurse -Force | Select-Object FullName, Length, LastWriteTimeUtc | ConvertTo-Json | Should -Be $before
        $text = $reports | Out-String -Width 120
        $text | Should -Match '(?m)^Damaged\s+64 KiB\s+75\.0 %\s+16 KiB\s+data/a'
        $text | Should -Match '(?m)^Missing\s+64 KiB\s+0\.0 %\s+64 KiB\s+data/c'
    }

    It 'reports all files as missing when there are none' {
        (Test-TorrentData $torrent (Join-Path $TestDrive 'none')).Status | Should -Be Missing, Missing, Missing
    }

    It 'ends at once when the pipeline wants no more' {
        (Test-TorrentData $torrent $TestDrive | Select-Object -First 1).Path | Should -Be 'data/a'
    }

    It 'writes an error for an invalid torrent, and continues' {
        Test-TorrentData (Join-Path $TestDrive 'none.torrent'), $torrent -Source $TestDrive -Quiet -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeExactly $true
        $failed[0].FullyQualifiedErrorId | Should -Be 'TorrentNotFound,TorrentPS.Commands.TestTorrentDataCommand'
        Test-TorrentData $torrent $TestDrive -Include none -ErrorVariable failed -ErrorAction SilentlyContinue | Should -BeNullOrEmpty
        $failed.FullyQualifiedErrorId | Should -Be 'NothingSelected,TorrentPS.Commands.TestTorrentDataCommand'
        { Test-TorrentData $torrent Env:/ } | Should -Throw -ErrorId 'AccessDenied,TorrentPS.Commands.TestTorrentDataCommand'
    }

    It 'completes the files of the torrent' {
        $line = "Test-TorrentData '$torrent' -Include "
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be 'data/a', 'data/b', 'data/c'
    }
}
